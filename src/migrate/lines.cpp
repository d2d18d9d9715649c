#include "pgseed/migrate/lines.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "pgseed/base/text.hpp"
#include "pgseed/migrate/target.hpp"

namespace pgseed::migrate {
namespace {

std::string parents_or_base(const Graph& graph, Node node) {
  const std::string parents = list_ids(graph, graph.parents(node));
  return parents.empty() ? "<base>" : parents;
}

bool is_current(const NodeSet* current, Node node) {
  return current != nullptr && current->has(node);
}

}  // namespace

std::string revision_line(const Graph& graph, Node node, const LineParts& parts) {
  const Revision& revision = graph[node];
  std::string line;
  if (parts.parents) {
    line = parents_or_base(graph, node);
    if (!revision.depends_on.empty()) line += text(" (", join(revision.depends_on), ')');
    line += " -> ";
  }
  line += revision.id;
  if (parts.labels && !graph.labels(node).empty())
    line += text(" (", join(graph.labels(node)), ')');
  if (graph.is_real_head(node)) {
    line += " (head)";
  } else if (graph.is_head(node)) {
    line += " (effective head)";
  }
  if (is_current(parts.current, node)) line += " (current)";
  if (parts.tree && graph.is_branch_point(node)) line += " (branchpoint)";
  if (parts.tree && graph.is_merge_point(node)) line += " (mergepoint)";
  if (parts.message) line += ", " + revision.message;
  return line;
}

std::string revision_block(const Graph& graph, Node node, const NodeSet* current) {
  const Revision& revision = graph[node];
  std::string out = text("Rev: ", revision.id, graph.is_head(node) ? " (head)" : "",
                         graph.is_branch_point(node) ? " (branchpoint)" : "",
                         graph.is_merge_point(node) ? " (mergepoint)" : "",
                         is_current(current, node) ? " (current)" : "", '\n');
  out += text(graph.is_merge_point(node) ? "Merges: " : "Parent: ", parents_or_base(graph, node),
              '\n');
  if (!revision.depends_on.empty()) {
    out += text("Also depends on: ", join(revision.depends_on), '\n');
  }
  if (graph.is_branch_point(node)) {
    out += text("Branches into: ", list_ids(graph, graph.children(node)), '\n');
  }
  if (!graph.labels(node).empty()) out += text("Branch names: ", join(graph.labels(node)), '\n');
  out += text("Path: ", revision.path, "\n\n");
  std::string_view rest = revision.description;
  if (rest.empty()) out += '\n';
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    out += text("    ", rest.substr(0, end), '\n');
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

std::string running_line(const Graph& graph, Node node, Direction direction) {
  const Revision& revision = graph[node];
  const std::string below = list_ids(graph, graph.parents(node));
  const std::string message = revision.message.empty() ? "" : ", " + revision.message;
  return direction == Direction::up
             ? text("Running upgrade ", below, " -> ", revision.id, message)
             : text("Running downgrade ", revision.id, " -> ", below, message);
}

std::string running_line(const Graph& graph, const Step& step) {
  return running_line(graph, step.node, step.direction);
}

std::vector<std::string> alembic_words(const Graph& graph, const Step& step) {
  const std::string& id = graph[step.node].id;
  if (step.direction == Direction::up) return {"upgrade", id};
  const Nodes& parents = graph.parents(step.node);
  std::size_t siblings = 0;
  for (Node node = 0; node < graph.size(); ++node) {
    const Nodes& others = graph.parents(node);
    siblings += parents.empty()
                    ? others.empty()
                    : std::find(others.begin(), others.end(), parents.front()) != others.end();
  }
  // ID-1 would take siblings down, and is ambiguous at a merge.
  const std::string parent = parents.empty() ? "base" : graph[parents.front()].id;
  return {"downgrade", siblings > 1 ? text(id, '@', parent) : parent};
}

// One column for each line of descent that is open between a child above and its parent below.
std::string draw_graph(const Graph& graph, const Nodes& newest_first, const NodeSet* current) {
  std::string out;
  std::vector<std::optional<Node>> columns;  // the revision that each column leads to
  const auto bars = [&](std::size_t but, char mark) {
    std::string line;
    for (std::size_t column = 0; column < columns.size(); ++column) {
      line += column == but ? mark : columns[column] ? '|' : ' ';
      line += ' ';
    }
    return line;
  };
  const auto trim_columns = [&] {
    while (!columns.empty() && !columns.back()) columns.pop_back();
  };
  for (const Node node : newest_first) {
    auto home = std::find(columns.begin(), columns.end(), std::optional(node));
    if (home == columns.end()) {
      home = std::find(columns.begin(), columns.end(), std::nullopt);
      if (home == columns.end()) home = columns.insert(columns.end(), std::nullopt);
      *home = node;
    }
    const auto at = static_cast<std::size_t>(home - columns.begin());
    // Other children lead here, too: their columns end.
    bool joined = false;
    std::string closing;
    for (std::size_t column = 0; column < columns.size(); ++column) {
      const bool ends = column != at && columns[column] == node;
      closing += ends ? '/' : columns[column] ? '|' : ' ';
      closing += ' ';
      joined = joined || ends;
      if (ends) columns[column].reset();
    }
    if (joined)
      out += text(trim(closing).empty() ? "" : closing.substr(0, closing.find_last_not_of(' ') + 1),
                  '\n');
    trim_columns();
    LineParts parts;
    parts.labels = true;
    parts.message = !graph[node].message.empty();
    parts.current = current;
    out += text(bars(at, '*'), ' ', revision_line(graph, node, parts), '\n');
    const Nodes& parents = graph.parents(node);
    columns[at] = parents.empty() ? std::nullopt : std::optional(parents.front());
    if (parents.size() > 1) {
      std::string opening = bars(at, '|');
      for (std::size_t index = 1; index < parents.size(); ++index) {
        auto free = std::find(columns.begin() + static_cast<std::ptrdiff_t>(at) + 1, columns.end(),
                              std::nullopt);
        const auto column = static_cast<std::size_t>(free - columns.begin());
        if (free == columns.end())
          columns.push_back(parents[index]);
        else
          *free = parents[index];
        if (opening.size() < 2 * column + 2) opening.resize(2 * column + 2, ' ');
        opening[2 * column] = '\\';
      }
      out += text(opening.substr(0, opening.find_last_not_of(' ') + 1), '\n');
    }
    trim_columns();
  }
  return out;
}

}  // namespace pgseed::migrate
