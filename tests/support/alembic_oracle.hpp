#pragma once
// Alembic's own classes as an oracle: questions are collected and answered by one run of
// alembic_oracle.py, which says how they are written.
#include <doctest/doctest.h>

#include <deque>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/graph.hpp"
#include "support/process.hpp"

namespace pgseed::test {

class AlembicOracle {
 public:
  // False where Debian's Python has no alembic; says so.
  static bool is_installed() {
    try {
      if (run({.argv = {kPython, "-c", "import alembic"}}).exit_code == 0) return true;
    } catch (const std::runtime_error&) {
      // no such Python
    }
    MESSAGE("alembic is not installed: skipped");
    return false;
  }

  void use_graph(const std::vector<migrate::Revision>& revisions) {
    input_ += "graph\n";
    for (const migrate::Revision& revision : revisions) {
      input_ += "rev\t" + revision.id + '\t' + join(revision.down_revisions) + '\t' +
                join(revision.branch_labels) + '\t' + join(revision.depends_on) + '\t' +
                escape(revision.description) + '\n';
    }
  }
  void ask(const std::string& question) { input_ += question + '\n'; }

  // The fields of each answer, in the order of the questions.
  std::vector<std::vector<std::string>> answers() const {
    const Result result =
        run({.argv = {kPython, PGSEED_SOURCE_DIR "/tests/support/alembic_oracle.py"},
             // The order of Python's sets is part of some answers.
             .environment = {{"PYTHONHASHSEED", "0"}, {"PYTHONDONTWRITEBYTECODE", "1"}},
             .stdin_text = input_,
             .timeout = std::chrono::minutes(5)});
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    std::vector<std::vector<std::string>> all;
    for (const std::string& line : split(result.out, '\n')) all.push_back(split(line, '\t'));
    all.pop_back();  // behind the last newline
    return all;
  }

  // Lists are written with commas, newlines as \n.
  static std::string join(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : ",") + word;
    return out;
  }
  static std::string escape(const std::string& words) {
    std::string out;
    for (const char byte : words) out += byte == '\n' ? "\\n" : std::string(1, byte);
    return out;
  }

 private:
  static constexpr const char* kPython = "/usr/bin/python3";

  static std::vector<std::string> split(const std::string& words, char at) {
    std::vector<std::string> pieces(1);
    for (const char byte : words) {
      if (byte == at) {
        pieces.emplace_back();
      } else {
        pieces.back() += byte;
      }
    }
    return pieces;
  }

  std::string input_;
};

using Answer = std::vector<std::string>;

// Asks Alembic what pgseed has answered, and keeps both.
class Comparison {
 public:
  struct Asked {
    std::size_t graph;
    std::string question;
    Answer ours;
  };

  const migrate::Graph& use(migrate::Graph graph) {
    oracle_.use_graph(graph.revisions());
    graphs_.push_back(std::move(graph));
    return graphs_.back();
  }
  template <class Function>
  void ask(const std::string& question, const Function& answer) {
    Answer ours{"ok"};
    try {
      for (std::string& field : answer()) ours.push_back(std::move(field));
    } catch (const Error& error) {
      CHECK(error.kind == ErrorKind::input);
      ours = {"error", "", error.message};
    }
    oracle_.ask(question);
    asked_.push_back({graphs_.size() - 1, question, std::move(ours)});
  }
  // check(graph, question, pgseed's answer, Alembic's answer)
  template <class Check>
  void compare(const Check& check) const {
    const auto answers = oracle_.answers();
    REQUIRE(answers.size() == asked_.size());
    for (std::size_t index = 0; index < asked_.size(); ++index) {
      const Asked& asked = asked_[index];
      INFO(describe(graphs_[asked.graph]));
      INFO(asked.question);
      INFO("pgseed:  ", AlembicOracle::join(asked.ours));
      INFO("Alembic: ", AlembicOracle::join(answers[index]));
      check(graphs_[asked.graph], asked.question, asked.ours, answers[index]);
    }
  }

 private:
  static std::string describe(const migrate::Graph& graph) {
    std::string lines;
    for (const migrate::Revision& revision : graph.revisions()) {
      lines += text(revision.id, " after ", AlembicOracle::join(revision.down_revisions), " label ",
                    AlembicOracle::join(revision.branch_labels), " needs ",
                    AlembicOracle::join(revision.depends_on), '\n');
    }
    return lines;
  }

  AlembicOracle oracle_;
  std::deque<migrate::Graph> graphs_;
  std::vector<Asked> asked_;
};

}  // namespace pgseed::test
