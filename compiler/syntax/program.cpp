// A policy and its includes: which files are read, and in which order.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>

#include "compiler/syntax/syntax.h"
#include "runtime/base/file.h"

namespace scx::syntax {
namespace {

namespace fs = std::filesystem;
using diag::Kind;

// Is `path` in `folder` or below? Both canonical.
bool is_below(const fs::path& path, const fs::path& folder) {
  const auto mismatch = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return mismatch.first == folder.end();
}

// The folder of `path` as it can be opened; "." for a bare name.
fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// Nothing larger is read into memory at all; from kMaxFileSize up `parse` refuses.
constexpr uintmax_t kMaxReadSize = uintmax_t{64} << 20;
constexpr std::string_view kTooLarge = "larger than 64 MiB";
constexpr std::string_view kStandardInput = "-";

}  // namespace

Result<std::string> read_text(const std::string& path) {
  std::error_code error;
  if (path == kStandardInput) {
    std::string text;
    char part[1 << 16];
    while (const size_t count = std::fread(part, 1, sizeof part, stdin)) {
      text.append(part, count);
      if (text.size() > kMaxReadSize) return make_error("cannot read standard input: {}", kTooLarge);
    }
    if (std::ferror(stdin) != 0) return make_error("cannot read standard input: {}", std::strerror(errno));
    return text;
  }
  const auto size = fs::file_size(path, error);
  if (!error && size > kMaxReadSize) return make_error("cannot read {}: {}", scx::quoted(path), kTooLarge);
  return read_file(path);
}

namespace {

class Loading {
 public:
  Loading(const std::vector<std::string>& include_dirs, Sources& sources, diag::Diagnostics& diagnostics)
      : sources_(sources), diagnostics_(diagnostics) {
    for (const std::string& dir : include_dirs) {
      std::error_code error;
      const fs::path canonical = fs::canonical(dir, error);
      if (!error) include_dirs_.push_back({dir, canonical});
    }
  }

  Result<ast::Program> run(const std::string& path);

 private:
  struct IncludeDir {
    fs::path display;
    fs::path canonical;
  };
  // A file on the way from the main one to the one being read.
  struct Open {
    fs::path canonical;
    FileId id;
    Span include;  // of the next one, in this file
  };
  struct Found {
    fs::path display;
    fs::path canonical;
  };

  void parse_file(FileId id, const fs::path& canonical);
  void include(const ast::Include& include, const fs::path& folder);
  // Reports why there is none.
  std::optional<Found> find(const ast::Include& include, const fs::path& folder);
  bool allowed(const fs::path& canonical) const;
  std::string logical_path(const fs::path& canonical) const;
  void report_cycle(const ast::Include& include, size_t from);

  Sources& sources_;
  diag::Diagnostics& diagnostics_;
  std::vector<IncludeDir> include_dirs_;
  fs::path root_;  // the main file's folder, canonical
  ast::Program program_;
  std::vector<Open> open_;
  std::map<fs::path, FileId> loaded_;
};

bool Loading::allowed(const fs::path& canonical) const {
  return is_below(canonical, root_) ||
         std::any_of(include_dirs_.begin(), include_dirs_.end(),
                     [&](const IncludeDir& dir) { return is_below(canonical, dir.canonical); });
}

std::string Loading::logical_path(const fs::path& canonical) const {
  if (is_below(canonical, root_)) return canonical.lexically_relative(root_).string();
  for (const IncludeDir& dir : include_dirs_)
    if (is_below(canonical, dir.canonical))
      return "<include>/" + canonical.lexically_relative(dir.canonical).string();
  return canonical.filename().string();
}

std::optional<Loading::Found> Loading::find(const ast::Include& include, const fs::path& folder) {
  const Span place = include.path.span;
  const fs::path named(include.path.value);
  if (named.empty()) {
    diagnostics_.report(Kind::kUnreadableInclude, place, "include of an empty path");
    return std::nullopt;
  }
  std::vector<fs::path> candidates{named.is_absolute() ? named : folder / named};
  if (!named.is_absolute())
    for (const IncludeDir& dir : include_dirs_) candidates.push_back(dir.display / named);
  bool outside = false;
  for (const fs::path& candidate : candidates) {
    std::error_code error;
    const fs::path canonical = fs::canonical(candidate, error);
    if (error) continue;
    if (!allowed(canonical)) {
      outside = true;
      continue;
    }
    // Only the beautified form of the path is shown: `a/../b.scx` is `b.scx`.
    return Found{candidate.lexically_normal(), canonical};
  }
  if (outside) {
    diagnostics_
        .report(Kind::kIncludeOutside, place, "{} lies outside of the policy's folder",
                scx::quoted(named.string()))
        .at("not in the folder of the policy or below")
        .help("allow its folder with `-I DIR`");
  } else {
    auto builder =
        diagnostics_.report(Kind::kUnreadableInclude, place, "no file {}", scx::quoted(named.string()));
    builder.at(fmt::format("looked for beside `{}`", sources_.display_path(place.file)));
    if (!include_dirs_.empty()) builder.note("also looked for in the `-I` folders");
  }
  return std::nullopt;
}

void Loading::report_cycle(const ast::Include& include, size_t from) {
  std::string chain;
  for (size_t i = from; i < open_.size(); ++i)
    chain += fmt::format("`{}` includes ", sources_.display_path(open_[i].id));
  chain += fmt::format("`{}`", sources_.display_path(open_[from].id));
  auto builder = diagnostics_.report(Kind::kIncludeCycle, include.path.span, "include cycle: {}", chain);
  for (size_t i = from; i + 1 < open_.size(); ++i) builder.label(open_[i].include, "included here");
}

void Loading::include(const ast::Include& include, const fs::path& folder) {
  const Span place = include.path.span;
  const std::optional<Found> found = find(include, folder);
  if (!found) return;
  for (size_t i = 0; i < open_.size(); ++i)
    if (open_[i].canonical == found->canonical) return report_cycle(include, i);
  if (loaded_.contains(found->canonical)) return;
  if (program_.files.size() >= kMaxFiles || open_.size() >= kMaxIncludeDepth) {
    const bool files = program_.files.size() >= kMaxFiles;
    diagnostics_.report(Kind::kTooManyIncludes, place, "more than {} files {}",
                        files ? kMaxFiles : kMaxIncludeDepth,
                        files ? "in one policy" : "included within each other");
    return;
  }
  const auto unreadable = [&](std::string_view reason) {
    diagnostics_.report(Kind::kUnreadableInclude, place, "cannot include {}: {}",
                        scx::quoted(found->display.string()), reason);
  };
  std::error_code error;
  if (!fs::is_regular_file(found->canonical, error)) return unreadable("not a regular file");
  if (fs::file_size(found->canonical, error) > kMaxReadSize) return unreadable(kTooLarge);
  Result<std::string> text = read_file(found->canonical.string());
  if (!text) return unreadable(text.error().message);
  const FileId id =
      sources_.add(found->display.string(), logical_path(found->canonical), std::move(text).value());
  open_.back().include = place;
  parse_file(id, found->canonical);
}

void Loading::parse_file(FileId id, const fs::path& canonical) {
  loaded_.emplace(canonical, id);
  open_.push_back({canonical, id, {}});
  const size_t index = program_.files.size();
  program_.files.push_back(parse(id, sources_, diagnostics_));
  const fs::path folder = folder_of(sources_.display_path(id));
  // By index: the included files are added to the same vector.
  for (size_t i = 0; i < program_.files[index].items.size(); ++i) {
    const auto* entry = std::get_if<ast::Include>(&program_.files[index].items[i]);
    if (entry == nullptr) continue;
    const ast::Include copy = *entry;
    include(copy, folder);
  }
  open_.pop_back();
}

Result<ast::Program> Loading::run(const std::string& path) {
  std::error_code error;
  SCX_TRY(std::string text, read_text(path));
  root_ = fs::canonical(folder_of(path), error);
  if (error) return make_error("cannot find the folder of {}: {}", scx::quoted(path), error.message());
  const fs::path name = path == kStandardInput ? "stdin" : fs::path(path).filename();
  const FileId id = sources_.add(path == kStandardInput ? "<stdin>" : path, name.string(), std::move(text));
  // Standard input is no file, so none that is included can be it.
  const fs::path canonical = path == kStandardInput ? fs::path() : fs::canonical(path, error);
  parse_file(id, error ? root_ / name : canonical);
  return std::move(program_);
}

}  // namespace

Result<ast::Program> parse_program(const std::string& path, const std::vector<std::string>& include_dirs,
                                   Sources& sources, diag::Diagnostics& diagnostics) {
  // std::filesystem throws where a path cannot be converted or memory ends.
  try {
    return Loading(include_dirs, sources, diagnostics).run(path);
  } catch (const std::exception& error) {
    return make_error("cannot read {}: {}", scx::quoted(path), error.what());
  }
}

std::optional<ast::Program> parse_at_its_word(const ast::Program& program, const Sources& sources,
                                              const diag::Diagnostics& said, diag::Diagnostics& diagnostics) {
  const auto is_said = [&](std::initializer_list<Kind> kinds) {
    return std::any_of(said.all().begin(), said.all().end(), [&](const diag::Diagnostic& one) {
      return std::find(kinds.begin(), kinds.end(), one.kind) != kinds.end();
    });
  };
  if (!is_said({Kind::kMissingSemicolon, Kind::kMissingBrace})) return std::nullopt;
  // Which files are read depends on the includes: one that failed might be another one now.
  if (is_said({Kind::kUnreadableInclude, Kind::kIncludeOutside, Kind::kIncludeCycle, Kind::kTooManyIncludes}))
    return std::nullopt;
  ast::Program out;
  for (const ast::File& file : program.files)
    out.files.push_back(parse(file.id, sources, diagnostics, Forgotten::kNothing));
  return out;
}

}  // namespace scx::syntax
