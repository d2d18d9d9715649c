#include "pgseed/cli/html_report.hpp"

namespace pgseed::cli {

// No angle brackets and no ampersands: the page is XML, too.
const char* html_style() {
  return R"(:root {
  --page: #f4f5f7; --card: #ffffff; --ink: #15191f; --soft: #5a6472; --faint: #8b95a3;
  --rule: #e4e7ec; --grid: #eceef2; --accent: #2f6fed; --accent-soft: #dbe7ff;
  --good: #12805c; --good-soft: #dcf5ea; --warn: #a15c00; --warn-soft: #fdf0d5;
  --bad: #c3312b; --bad-soft: #fde5e3; --doubt: #7b3fc4; --doubt-soft: #efe4fb;
  --teal: #0e8a94; --slate: #8794a6; --amber: #d98c0b;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1116; --card: #161b22; --ink: #e8ecf2; --soft: #a3aebd; --faint: #748092;
    --rule: #262d37; --grid: #222932; --accent: #6c9cff; --accent-soft: #1c2d50;
    --good: #4ccb98; --good-soft: #12352a; --warn: #f0b357; --warn-soft: #3b2a0c;
    --bad: #ff7d74; --bad-soft: #43191a; --doubt: #c39bff; --doubt-soft: #2f2147;
    --teal: #43c3cd; --slate: #7c8899; --amber: #eaa83c;
  }
}
* { box-sizing: border-box; margin: 0; padding: 0; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  background: var(--page); color: var(--ink); padding: 32px 20px 48px;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans",
    Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
main, footer { max-width: 980px; margin: 0 auto; }
b { font-weight: 600; }
code { font: 13px/1.45 var(--mono); overflow-wrap: anywhere; }
ul { list-style: none; }
small { font-size: 13px; color: var(--soft); }
section, .tiles, div.outcome, .alert {
  background: var(--card); border: 1px solid var(--rule); border-radius: 12px;
  margin-top: 16px; padding: 20px 24px;
}
h2 { font-size: 17px; font-weight: 650; letter-spacing: -0.01em; margin-bottom: 14px; }
h3 { font-size: 14px; font-weight: 600; }

header { padding: 4px 4px 8px; }
.brand { font-weight: 700; letter-spacing: -0.01em; margin-bottom: 20px; }
.brand span { color: var(--faint); font-weight: 400; margin-left: 4px; }
.pills { display: flex; flex-wrap: wrap; gap: 8px; }
.pill {
  font-size: 13px; font-weight: 600; line-height: 1; padding: 6px 10px; border-radius: 99px;
  background: var(--rule); color: var(--soft);
}
.pill.good { background: var(--good-soft); color: var(--good); }
.pill.rows, .pill.stopped { background: var(--warn-soft); color: var(--warn); }
.pill.failed { background: var(--bad-soft); color: var(--bad); }
.pill.dry { background: var(--accent-soft); color: var(--accent); }
h1 {
  font-size: 34px; line-height: 1.15; font-weight: 700; letter-spacing: -0.025em;
  margin: 12px 0 10px; overflow-wrap: anywhere;
}
.line { color: var(--soft); display: flex; flex-wrap: wrap; gap: 2px 18px; }
.line b { color: var(--ink); font-weight: 500; overflow-wrap: anywhere; }

.alert { border-left: 4px solid var(--bad); }
.alert.rows, .alert.stopped { border-left-color: var(--amber); }
.alert .what { font-weight: 600; overflow-wrap: anywhere; }
.alert .hint { color: var(--soft); }
.alert p + p { margin-top: 4px; }

.tiles { display: grid; grid-template-columns: repeat(6, auto); gap: 8px 24px; }
.tiles dt { font-size: 13px; color: var(--soft); }
.tiles dd { font-size: 24px; font-weight: 650; letter-spacing: -0.02em; line-height: 1.3; }
.tiles small { display: block; font-weight: 400; letter-spacing: 0; line-height: 1.3; }

.strip {
  display: flex; height: 12px; border-radius: 6px; overflow: hidden; background: var(--grid);
}
div.outcome .strip { gap: 2px; background: none; }
div.outcome .strip span { min-width: 3px; border-radius: 2px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; margin-top: 12px; font-size: 14px; }
.legend li { color: var(--soft); }
.legend b { color: var(--ink); }
.dot {
  display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 7px;
  background: var(--slate); flex: none;
}
.outcome0 { background: var(--good); }
.outcome1 { background: var(--slate); }
.outcome2 { background: var(--bad); }
.outcome3 { background: var(--amber); }
.outcome4 { background: var(--doubt); }
.outcome5 { background: var(--teal); }
.outcome6 { background: var(--accent); }
.phase0 { background: #b3bcc9; }
.phase1 { background: #8fa3c0; }
.phase2 { background: #5f86c4; }
.phase3 { background: var(--teal); }
.phase4 { background: var(--accent); }
.phase5 { background: var(--doubt); }

.charts { --gutter: 60px; --plot: 132px; }
.charts figure { margin-top: 22px; }
.gutter { margin-left: var(--gutter); }
.phases .strip { height: 8px; }
.phases .legend { margin: 8px 0 0 var(--gutter); font-size: 13px; gap: 2px 16px; }
figcaption { display: flex; flex-wrap: wrap; gap: 0 12px; align-items: baseline; margin-bottom: 8px; }
figcaption p { color: var(--soft); font-size: 13px; }
.plot { display: grid; grid-template-columns: var(--gutter) 1fr; align-items: start; }
.plot svg { width: 100%; height: var(--plot); display: block; overflow: visible; }
.scale {
  display: flex; flex-direction: column; justify-content: space-between; align-items: flex-end;
  padding-right: 10px; margin: -9px 0; height: calc(var(--plot) + 18px); font-size: 12px; line-height: 18px; color: var(--faint);
  white-space: nowrap;
}
svg path, svg line { vector-effect: non-scaling-stroke; fill: none; }
.grid { stroke: var(--grid); stroke-width: 1; }
.line.rows, .line.time, .line.width { stroke-width: 2; stroke-linejoin: round; }
.line.rows { stroke: var(--accent); }
svg path.area { fill: var(--accent); opacity: 0.14; }
.line.time { stroke: var(--teal); stroke-linecap: round; }
.band path { fill: var(--teal); opacity: 0.2; }
.line.width { stroke: var(--doubt); }
.tips { fill: transparent; }
.tips rect:hover { fill: var(--ink); fill-opacity: 0.07; }
.lane p {
  display: flex; align-items: center; font-size: 13px; color: var(--soft);
  margin-left: var(--gutter);
}
.lane b { margin-left: 8px; color: var(--ink); }
.lane svg {
  width: 100%; height: 16px; display: block; background: var(--grid); border-radius: 3px;
  margin: 2px 0 10px;
}
.lane line { stroke-width: 3; stroke: var(--slate); }
.troubles figcaption { margin-left: var(--gutter); }
.calm { margin-left: var(--gutter); color: var(--good); font-size: 14px; }
.busy .dot { background: var(--amber); } .busy line { stroke: var(--amber); }
.lost .dot { background: var(--doubt); } .lost line { stroke: var(--doubt); }
.much .dot { background: var(--teal); } .much line { stroke: var(--teal); }
.refused .dot { background: var(--bad); } .refused line { stroke: var(--bad); }
.axis {
  position: relative; height: 22px; margin-top: 6px; font-size: 12px; color: var(--faint);
  border-top: 1px solid var(--rule); padding-top: 3px;
}
.axis span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
.axis span:first-child { transform: none; }

table { width: 100%; border-collapse: collapse; }
th, td { padding: 8px 0 8px 20px; border-top: 1px solid var(--rule); vertical-align: baseline; }
thead th { border-top: 0; font-size: 13px; font-weight: 500; color: var(--soft); padding-top: 0; }
th { text-align: left; font-weight: 500; overflow-wrap: anywhere; }
th:first-child, td:first-child { padding-left: 0; }
.counts td, .counts thead th { text-align: right; white-space: nowrap; }
.counts thead th:first-child { text-align: left; }
.counts tfoot th, .counts tfoot td { font-weight: 650; border-top: 2px solid var(--rule); }
.zero { color: var(--faint); }
.rejects thead th { text-align: left; }
.rejects td { overflow-wrap: anywhere; }
.rejects { table-layout: fixed; }
.rejects th:first-child { width: 34%; }
.rejects th:nth-child(2) { width: 20%; }
.more { color: var(--soft); font-size: 14px; margin-top: 12px; }
.incidents li {
  display: flex; gap: 5px; align-items: baseline; padding: 9px 0;
  border-top: 1px solid var(--rule);
}
.incidents li:first-child { border-top: 0; padding-top: 0; }
.incidents div { flex: 1; min-width: 0; overflow-wrap: anywhere; }
.incidents b { white-space: nowrap; }
.fine { font-size: 13px; color: var(--soft); }
.notes li { padding: 7px 0; border-top: 1px solid var(--rule); overflow-wrap: anywhere; }
.notes li:first-child { border-top: 0; padding-top: 0; }
.details { display: grid; grid-template-columns: 110px 1fr; gap: 7px 20px; }
.details dt { color: var(--soft); }
.details dd { min-width: 0; overflow-wrap: anywhere; }
footer { color: var(--faint); font-size: 13px; padding: 20px 4px 0; }

@media (max-width: 760px) {
  .tiles { grid-template-columns: repeat(3, 1fr); gap: 16px 20px; }
}
@media (max-width: 560px) {
  body { padding: 20px 12px 32px; }
  section, .tiles, div.outcome, .alert { padding: 16px; border-radius: 10px; margin-top: 12px; }
  h1 { font-size: 27px; }
  .brand { margin-bottom: 14px; }
  .tiles { grid-template-columns: repeat(2, 1fr); }
  .tiles dd { font-size: 21px; }
  .charts { --gutter: 46px; --plot: 108px; }
  .scale { padding-right: 7px; font-size: 11px; }
  .axis .odd { display: none; }
  .details { grid-template-columns: 84px 1fr; gap: 7px 12px; }
  thead { display: none; }
  table, tbody, tfoot, tr, th, td { display: block; width: auto; }
  tr { padding: 10px 0; border-top: 1px solid var(--rule); }
  tbody tr:first-child { border-top: 0; padding-top: 0; }
  th, td, .counts tfoot th, .counts tfoot td { border: 0; padding: 1px 0; }
  tr th { font-weight: 600; }
  .counts td { display: flex; justify-content: space-between; }
  .counts td::before { content: attr(data-label); color: var(--soft); font-weight: 400; }
  .counts td.zero { display: none; }
  .rejects td + td { font-size: 14px; }
  .rejects td:nth-child(2) { color: var(--soft); }
}
@media print {
  :root {
    --page: #ffffff; --card: #ffffff; --ink: #000000; --soft: #444444; --faint: #666666;
    --rule: #cccccc; --grid: #e6e6e6;
  }
  body { padding: 0; font-size: 11pt; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  section, .tiles, div.outcome, .alert { padding: 12px 0; border-width: 1px 0 0; border-radius: 0; }
  .alert { border-width: 1px 1px 1px 4px; padding: 10px 14px; }
  .charts { --plot: 92px; }
  .charts figure { margin-top: 14px; }
  figure, .tiles, div.outcome, .alert, tr, li { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .tiles { grid-template-columns: repeat(6, auto); }
}
)";
}

}  // namespace pgseed::cli
