#include "pgseed/io/input_file.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/io/archive.hpp"
#include "pgseed/io/unpack.hpp"

namespace pgseed::io {
namespace {

// Names are kept; an archive of more would be no collection of dumps.
constexpr std::size_t kMostMembers = 100'000;

}  // namespace

struct InputFile::State {
  std::string path;  // of what is opened: the spooled copy of standard input
  std::string name;
  PackedLimits limits;
  Packing inside = Packing::none;
  bool was_compressed = false;
  bool read_once = false;  // a pipe with one text
  std::vector<std::string> members;
  std::unique_ptr<SpooledFile> spooled;

  // Standard input with one text, between looking at it and open().
  std::unique_ptr<Source> once_source;
  std::unique_ptr<ByteStream> once;

  // An archive that nobody reads from, and the member that it stands before.
  std::unique_ptr<Source> idle_source;
  std::unique_ptr<Archive> idle;
  std::size_t idle_at = 0;

  std::shared_ptr<UnpackMeter> new_meter(const Source& source) const {
    return std::make_shared<UnpackMeter>(name, limits, source.size());
  }
};

// A member, which gives the archive back when it is done.
class InputFile::MemberStream final : public ByteStream {
 public:
  MemberStream(std::shared_ptr<State> state, std::size_t member) : state_(std::move(state)) {
    if (state_->idle != nullptr && state_->idle_at <= member) {
      archive_ = std::move(state_->idle);
      source_ = std::move(state_->idle_source);
      at_ = state_->idle_at;
    } else {
      start();
    }
    for (; at_ <= member; ++at_) {
      if (!archive_->next_member() || archive_->member() != state_->members[at_]) {
        throw Error(ErrorKind::input, "the archive has changed while it was read", state_->name);
      }
    }
  }
  ~MemberStream() override {
    if (archive_ == nullptr) return;
    state_->idle = std::move(archive_);
    state_->idle_source = std::move(source_);
    state_->idle_at = at_;
  }
  MemberStream(const MemberStream&) = delete;
  MemberStream& operator=(const MemberStream&) = delete;

  std::string_view next() override {
    const std::string_view block = archive_->next_block();
    read_ += block.size();
    if (meter_ != nullptr) meter_->add_packed(block.size());
    return block;
  }
  // What is compressed in the archive is measured on its own; what comes out of the archive itself
  // was measured there.
  void count_for(std::shared_ptr<UnpackMeter> meter) { meter_ = std::move(meter); }
  std::optional<std::uint64_t> size() const { return archive_->member_size(); }
  const std::uint64_t& read() const { return read_; }

  // All names. Leaves nothing behind.
  static std::vector<std::string> list(const std::shared_ptr<State>& state) {
    MemberStream all(state);
    all.start();
    std::vector<std::string> names;
    while (all.archive_->next_member()) {
      if (names.size() == kMostMembers) {
        throw Error(ErrorKind::input, text("the archive has more than ", kMostMembers, " files"),
                    state->name, "name the dumps themselves");
      }
      names.push_back(all.archive_->member());
    }
    all.archive_.reset();
    return names;
  }

 private:
  explicit MemberStream(std::shared_ptr<State> state) : state_(std::move(state)) {}

  void start() {
    auto source = std::make_unique<Source>(state_->path, state_->name);
    const auto meter = state_->new_meter(*source);
    if (state_->inside == Packing::zip) {
      archive_ = std::make_unique<Archive>(std::move(source), meter);
    } else {
      Unpacked unpacked = unpack(std::make_unique<SourceStream>(*source, meter), meter);
      archive_ = std::make_unique<Archive>(std::move(unpacked.bytes), meter);
      source_ = std::move(source);
    }
  }

  std::shared_ptr<State> state_;
  std::unique_ptr<Source> source_;  // of a tar; before the archive, which reads from it
  std::unique_ptr<Archive> archive_;
  std::shared_ptr<UnpackMeter> meter_;
  std::size_t at_ = 0;
  std::uint64_t read_ = 0;
};

InputFile::InputFile(const std::string& path, const PackedLimits& limits, bool repeatable)
    : state_(std::make_shared<State>()) {
  auto source = std::make_unique<Source>(path);
  state_->path = path;
  state_->name = source->name();
  state_->limits = limits;
  const auto meter = state_->new_meter(*source);
  auto stream = std::make_unique<SourceStream>(*source, meter);
  SourceStream& raw = *stream;
  if (!source->repeatable()) raw.remember();
  Unpacked unpacked = unpack(std::move(stream), meter);
  state_->inside = unpacked.inside;
  state_->was_compressed = unpacked.was_compressed;
  const auto spool = [&] {
    if (source->repeatable()) return;
    state_->spooled = std::make_unique<SpooledFile>(*source, raw.forget());
    state_->path = state_->spooled->path();
  };
  if (!is_archive(unpacked.inside)) {
    if (repeatable) spool();
    if (repeatable || source->repeatable()) return;
    raw.forget();
    state_->read_once = true;
    state_->once = std::move(unpacked.bytes);
    state_->once_source = std::move(source);
    return;
  }
  if (unpacked.inside == Packing::zip && unpacked.was_compressed) {
    throw Error(ErrorKind::input, "this is a compressed zip archive", state_->name,
                "unpack the outer layer first; zip compresses by itself");
  }
  spool();
  state_->members = MemberStream::list(state_);
  if (state_->members.empty()) {
    throw Error(ErrorKind::input, "the archive holds no file to read", state_->name,
                "folders, links, hidden files and __MACOSX are passed over");
  }
}

InputFile::~InputFile() = default;

const std::vector<std::string>& InputFile::members() const {
  return state_->members;
}

std::string InputFile::name() const {
  return state_->name;
}

std::string InputFile::name(std::size_t member) const {
  return state_->members.empty() ? state_->name
                                 : text(state_->name, ':', state_->members.at(member));
}

std::unique_ptr<TextSource> InputFile::open(std::size_t member) const {
  std::unique_ptr<TextSource> text_source(new TextSource());
  TextSource& result = *text_source;
  result.name_ = name(member);
  if (state_->read_once) {
    if (state_->once_source == nullptr) {
      throw Error(ErrorKind::usage, "this input can be read only once", state_->name);
    }
    result.source_ = std::move(state_->once_source);
    result.stream_ = std::move(state_->once);
    result.repeatable_ = false;
    return text_source;
  }
  if (!state_->members.empty()) {
    auto stream = std::make_unique<MemberStream>(state_, member);
    result.size_ = stream->size();
    result.member_read_ = &stream->read();
    const auto meter = std::make_shared<UnpackMeter>(result.name_, state_->limits, std::nullopt);
    stream->count_for(meter);
    Unpacked unpacked = unpack(std::move(stream), meter);
    if (is_archive(unpacked.inside)) {
      throw Error(ErrorKind::input, "this is an archive inside of an archive", result.name_,
                  "unpack the outer one first");
    }
    result.stream_ = std::move(unpacked.bytes);
    return text_source;
  }
  result.source_ = std::make_unique<Source>(state_->path, state_->name);
  result.size_ = result.source_->size();
  if (state_->was_compressed) {
    const auto meter = state_->new_meter(*result.source_);
    auto unpacked = unpack(std::make_unique<SourceStream>(*result.source_, meter), meter).bytes;
    auto ahead = std::make_unique<ReadAhead>(std::move(unpacked), *result.source_);
    result.read_ahead_ = ahead.get();
    result.stream_ = std::move(ahead);
  }
  return text_source;
}

std::size_t TextSource::read(char* into, std::size_t space) {
  if (stream_ == nullptr) return source_->read(into, space);
  if (pending_.empty()) pending_ = stream_->next();
  const std::size_t count = std::min(space, pending_.size());
  if (count > 0) std::memcpy(into, pending_.data(), count);
  pending_.remove_prefix(count);
  return count;
}

std::uint64_t TextSource::offset() const {
  if (read_ahead_ != nullptr) return read_ahead_->offset();
  return member_read_ != nullptr ? *member_read_ : source_->offset();
}

}  // namespace pgseed::io
