// /folder/PATH?dcPath=DATACENTER&dsName=DATASTORE. Without a datastore the datastores are
// listed, without anything the datacenters.
#include "api/folder.h"

#include "api/flat_disk.h"
#include "api/host_files.h"
#include "api/listing.h"
#include "api/send_file.h"
#include "base/log.h"
#include "base/text.h"
#include "host/ids.h"
#include "storage/disk_part.h"
#include "storage/draft.h"
#include "vm/in_use.h"

namespace api {

namespace {

constexpr std::string_view kReads = "Datastore.Browse", kWrites = "Datastore.FileManagement";

// The one datacenter of a host, by its id or as an inventory path.
bool IsDatacenter(const inventory::Snapshot& now, std::string_view text) {
    while (text.starts_with('/')) text.remove_prefix(1);
    while (text.ends_with('/')) text.remove_suffix(1);
    const auto* center = now.Get<vim::Datacenter>(host::DatacenterRef());
    return text.empty() || text == host::DatacenterRef().id || (center && text == center->name);
}

int StatusOf(const base::Error& e) {
    switch (e.code) {
        case base::Code::kNotFound: return 404;
        case base::Code::kExists:
        case base::Code::kBusy:
        case base::Code::kInvalid: return 409;
        case base::Code::kDenied: return 403;
        case base::Code::kNoSpace: return 507;
        default: return 500;
    }
}

int StatusOf(const vim::Fault& f) {
    if (f.As<vim::NoPermission>()) return 403;
    if (f.As<vim::InvalidDatastorePath>()) return 400;
    if (f.As<vim::InvalidDatastore>()) return 404;
    return 409;
}

std::string Size(std::int64_t bytes) { return base::Cat(bytes); }
std::string When(base::Time t) { return base::FormatTime(std::chrono::floor<std::chrono::seconds>(t)); }

class Folder {
public:
    explicit Folder(FileParts parts)
        : parts_(std::move(parts)), visitors_(parts_.sessions, parts_.logins, parts_.gate) {}

    rt::Co<void> Handle(net::Exchange& exchange);
    rt::Co<void> Host(net::Exchange& exchange);

private:
    struct Request {
        net::Exchange& exchange;
        Visitor visitor;
        vm::Located place;
        bool head() const { return exchange.head().method == "HEAD"; }
    };
    vim::Result<vm::Located> Locate(const net::RequestHead& head) const;
    rt::Co<void> ListTop(net::Exchange& exchange, const Visitor& visitor, std::string_view center);
    rt::Co<void> Get(Request& r);
    rt::Co<void> List(Request& r, std::vector<storage::Entry> entries);
    // A snapshot's disk as its "-flat.vmdk", which there is none of; false: it is no such name.
    rt::Co<bool> GetFlattened(Request& r);
    rt::Co<void> Put(Request& r);
    rt::Co<void> PutPart(Request& r, std::string_view range);
    rt::Co<base::Result<>> Receive(Request& r, storage::WriteBehind& file);
    rt::Co<base::Result<>> ReceivePart(Request& r, vm::Located disk, WrittenRange range);
    rt::Co<void> Delete(Request& r);
    rt::Co<void> Refuse(Request& r, int status, std::string words);
    rt::Co<void> Done(Request& r, int status);
    static std::string UrlOf(std::string_view path, std::string_view datastore);

    FileParts parts_;
    Visitors visitors_;
};

std::string Folder::UrlOf(std::string_view path, std::string_view datastore) {
    std::string url = "/folder";
    if (!path.empty()) url += base::Cat('/', base::PercentEncode(path, "/"));
    url += "?dcPath=" + host::DatacenterRef().id;
    return datastore.empty() ? url : base::Cat(url, "&dsName=", base::PercentEncode(datastore, ""));
}

vim::Result<vm::Located> Folder::Locate(const net::RequestHead& head) const {
    std::string_view path(head.path);
    path.remove_prefix(std::string_view("/folder").size());
    while (path.starts_with('/')) path.remove_prefix(1);
    while (path.ends_with('/')) path.remove_suffix(1);
    TRY(parsed, vm::DatastorePath::Parse(base::Cat('[', head.Query("dsName"), "] ", path)));
    return vm::Locate(parts_.volumes.Now(), std::move(parsed));
}

rt::Co<void> Folder::Refuse(Request& r, int status, std::string words) {
    net::Response answer{status, SafeHeaders("text/plain; charset=utf-8"), std::move(words) + "\n"};
    for (auto& h : r.visitor.headers) answer.headers.push_back(std::move(h));
    (void)co_await r.exchange.Send(std::move(answer));
}

rt::Co<void> Folder::Done(Request& r, int status) {
    if (parts_.changed) co_await parts_.changed(r.place.volume.datastore);
    net::Response answer{status, std::move(r.visitor.headers), {}};
    (void)co_await r.exchange.Send(std::move(answer));
}

rt::Co<void> Folder::Handle(net::Exchange& exchange) {
    const net::RequestHead& head = exchange.head();
    bool writes = head.method == "PUT" || head.method == "DELETE";
    if (!writes && head.method != "GET" && head.method != "HEAD") {
        net::Response answer{405, {{"Allow", "GET, HEAD, PUT, DELETE"}}, "files are read by GET and written by PUT\n"};
        (void)co_await exchange.Send(std::move(answer));
        co_return;
    }
    auto visitor = co_await visitors_.Admit(exchange);
    if (!visitor) co_return;
    Request r{exchange, *std::move(visitor), {}};
    if (!IsDatacenter(*parts_.inventory.Now(), head.Query("dcPath"))) {
        co_await Refuse(r, 404,
                        base::Cat("there is no datacenter \"", head.Query("dcPath"), "\" on this host; it has ",
                                  host::DatacenterRef().id));
        co_return;
    }
    if (head.Query("dsName").empty() && !writes && (head.path == "/folder" || head.path == "/folder/")) {
        co_await ListTop(exchange, r.visitor, head.Query("dcPath"));
        co_return;
    }
    auto place = Locate(head);
    if (!place) {
        co_await Refuse(r, StatusOf(place.error()), place.error().message());
        co_return;
    }
    r.place = *std::move(place);
    auto may = parts_.authorization.Check(&r.visitor.who, r.place.volume.datastore, writes ? kWrites : kReads);
    if (!may) {
        co_await Refuse(r, 403, may.error().message());
        co_return;
    }
    auth::Standing standing{r.visitor.who.user, r.visitor.session, r.place.volume.datastore, writes ? kWrites : kReads};
    auto hold = parts_.openings.Keep(std::move(standing), [&exchange](const std::string&) { exchange.Cut(); });
    if (head.method == "PUT") co_await Put(r);
    else if (head.method == "DELETE") co_await Delete(r);
    else co_await Get(r);
}

rt::Co<void> Folder::ListTop(net::Exchange& exchange, const Visitor& visitor, std::string_view center) {
    std::vector<Link> links;
    if (center.empty()) links.push_back({host::DatacenterRef().id, UrlOf("", ""), "", ""});
    else
        for (const vm::Volume& v : parts_.volumes.Now())
            if (parts_.authorization.Allows(visitor.who, v.datastore, kReads))
                links.push_back({v.name, UrlOf("", v.name), "", ""});
    std::string title = center.empty() ? "Datacenters" : "Datastores of " + host::DatacenterRef().id;
    net::Response page = ListingPage(title, links);
    for (const auto& h : visitor.headers) page.headers.push_back(h);
    (void)co_await exchange.Send(std::move(page));
}

struct Opened {
    rt::Fd file;
    std::vector<storage::Entry> entries;
    bool folder = false;
};

static base::Result<Opened> OpenOrList(const vm::Located& place) {
    TRY(root, storage::Root::Open(place.volume.folder, place.volume.name));
    TRY(entry, root.Look(place.path.path));
    if (!entry.folder) {
        TRY(file, root.OpenFile(place.path.path));
        return Opened{std::move(file), {}, false};
    }
    TRY(entries, root.List(place.path.path));
    return Opened{{}, std::move(entries), true};
}

rt::Co<void> Folder::Get(Request& r) {
    auto open = [place = r.place] { return OpenOrList(place); };
    auto opened = co_await parts_.pool.Run(std::move(open));
    if (!opened && opened.error().code == base::Code::kNotFound && co_await GetFlattened(r)) co_return;
    if (!opened) {
        co_await Refuse(r, StatusOf(opened.error()), opened.error().message);
        co_return;
    }
    if (opened->folder) {
        co_await List(r, std::move(opened->entries));
        co_return;
    }
    auto headers = SafeHeaders("application/octet-stream");
    for (auto& h : r.visitor.headers) headers.push_back(std::move(h));
    co_await SendFile(r.exchange, parts_.pool, std::move(opened->file), std::move(headers));
}

rt::Co<bool> Folder::GetFlattened(Request& r) {
    vm::Located disk = r.place;
    disk.path.path = vm::DescriptorOfFlat(r.place.path.path);
    if (!parts_.disks || disk.path.path.empty()) co_return false;
    if (auto still = vm::CheckNotWritten(*parts_.inventory.Now(), disk.path); !still) {
        co_await Refuse(r, 409, still.error().message());
        co_return true;
    }
    auto opened = co_await parts_.disks->Read(disk);
    if (!opened && opened.error().code == base::Code::kNotFound) co_return false;
    if (!opened) {
        co_await Refuse(r, StatusOf(opened.error()), opened.error().message);
        co_return true;
    }
    auto headers = SafeHeaders("application/octet-stream");
    for (auto& h : r.visitor.headers) headers.push_back(std::move(h));
    co_await SendFlat(r.exchange, *std::move(opened), std::move(headers));
    co_return true;
}

rt::Co<void> Folder::List(Request& r, std::vector<storage::Entry> entries) {
    const vm::DatastorePath& here = r.place.path;
    std::vector<Link> links;
    links.push_back({"Parent", here.path.empty() ? UrlOf("", "") : UrlOf(here.Folder().path, here.datastore), "", ""});
    for (const storage::Entry& e : entries)
        links.push_back({e.folder ? e.name + "/" : e.name,
                         UrlOf((here / e.name).path + (e.folder ? "/" : ""), here.datastore), When(e.modified),
                         e.folder ? "-" : Size(e.size)});
    net::Response page = ListingPage("Index of " + here.Text(), links);
    for (auto& h : r.visitor.headers) page.headers.push_back(std::move(h));
    (void)co_await r.exchange.Send(std::move(page));
}

// The disk's own file where it is one, without the detour through a process that knows layers.
rt::Co<base::Result<>> Folder::ReceivePart(Request& r, vm::Located disk, WrittenRange range) {
    auto open = [disk, range] { return storage::DiskPart::Open(disk, range.from, range.length); };
    auto part = co_await parts_.pool.Run(std::move(open));
    if (part) {
        storage::WriteBehind file(parts_.pool, *std::move(part));
        CO_CHECK(co_await Receive(r, file));
        if (file.taken() < range.length)
            co_return base::Error{base::Code::kInvalid, "the body is shorter than its Content-Range says"};
        co_return co_await file.Finish();
    }
    if (part.error().code != base::Code::kInvalid) co_return std::move(part).error();
    CO_TRY(opened, co_await parts_.disks->Write(disk));
    base::Result<> done{};
    if (range.from + range.length > opened->size())
        done = base::Error{base::Code::kInvalid,
                           base::Cat("the disk has ", opened->size(), " bytes: the range ends after")};
    if (done) done = co_await ReceiveFlat(r.exchange, opened, range);
    co_await opened->Close();
    co_return done;
}

// Of a disk that is restored: the rest of it stays as it is.
rt::Co<void> Folder::PutPart(Request& r, std::string_view header) {
    vm::Located disk = r.place;
    disk.path.path = vm::DescriptorOfFlat(r.place.path.path);
    if (!parts_.disks || disk.path.path.empty()) {
        co_await Refuse(r, 400, "only of a virtual disk (NAME-flat.vmdk) a part can be written: send the whole file");
        co_return;
    }
    auto range = ReadContentRange(header);
    if (!range || r.exchange.head().length != static_cast<std::uint64_t>(range->length)) {
        co_await Refuse(r, 400, "Content-Range: bytes FROM-TO/SIZE, and a Content-Length that agrees, are needed");
        co_return;
    }
    if (auto unused = vm::CheckUnused(*parts_.inventory.Now(), disk.path); !unused) {
        co_await Refuse(r, 409, unused.error().message());
        co_return;
    }
    auto done = co_await ReceivePart(r, disk, *range);
    if (!done) {
        co_await Refuse(r, StatusOf(done.error()), done.error().message);
        co_return;
    }
    base::LogInfo("folder", base::Cat(r.visitor.who.user, " wrote ", range->length, " bytes at ", range->from, " of ",
                                      disk.path.Text(), " from ", r.exchange.head().peer));
    co_await Done(r, 204);
}

// A file that is sent whole takes its name, whoever had it, at its end.
class WholeFile final : public storage::Sink {
public:
    explicit WholeFile(storage::Draft draft) : draft_(std::move(draft)) {}
    base::Result<> Write(std::string_view bytes, std::int64_t at) override {
        return draft_.Write(bytes.data(), bytes.size(), at);
    }
    base::Result<> End() override { return draft_.Publish(true); }

private:
    storage::Draft draft_;
};

struct Begun {
    std::shared_ptr<storage::Sink> file;
    bool fresh = false;
};

static base::Result<Begun> BeginDraft(const vm::Located& place, std::optional<std::uint64_t> length) {
    TRY(root, storage::Root::Open(place.volume.folder, place.volume.name));
    TRY(draft, storage::Draft::Begin(root, place.path.path));
    auto room = static_cast<std::uint64_t>(root.FreeBytes());
    if (length.value_or(0) > room)
        return base::Error{base::Code::kNoSpace,
                           base::Cat("the datastore is too full for ", place.path.Text(), ": it needs ", *length >> 20,
                                     " MiB, the datastore has ", room >> 20, " MiB")};
    bool fresh = !root.Look(place.path.path);
    return Begun{std::make_shared<WholeFile>(std::move(draft)), fresh};
}

rt::Co<base::Result<>> Folder::Receive(Request& r, storage::WriteBehind& file) {
    for (;;) {
        std::span<char> room = file.Room();
        std::size_t have = 0;
        while (have < room.size()) {
            CO_TRY(got, co_await r.exchange.ReadSome(room.subspan(have)));
            if (got == 0) break;
            have += got;
        }
        CO_CHECK(co_await file.Put(have));
        if (have < room.size()) co_return base::Result<>{};
    }
}

rt::Co<void> Folder::Put(Request& r) {
    const net::RequestHead& head = r.exchange.head();
    if (!head.Get("Content-Range").empty()) {
        co_await PutPart(r, head.Get("Content-Range"));
        co_return;
    }
    if (auto unused = vm::CheckUnused(*parts_.inventory.Now(), r.place.path); !unused) {
        co_await Refuse(r, 409, unused.error().message());
        co_return;
    }
    auto begin = [place = r.place, length = head.length] { return BeginDraft(place, length); };
    auto begun = co_await parts_.pool.Run(std::move(begin));
    if (!begun) {
        co_await Refuse(r, StatusOf(begun.error()), begun.error().message);
        co_return;
    }
    bool fresh = begun->fresh;
    storage::WriteBehind file(parts_.pool, std::move(begun->file));
    auto done = co_await Receive(r, file);
    // A machine may have been switched on meanwhile.
    auto unused = vm::CheckUnused(*parts_.inventory.Now(), r.place.path);
    if (done && unused) done = co_await file.Finish();
    if (!done || !unused) {
        std::string words = done ? unused.error().message() : done.error().message;
        base::LogWarning("folder", base::Cat("upload of ", r.place.path.Text(), " by ", r.visitor.who.user, " at ",
                                             head.peer, ": ", words));
        co_await Refuse(r, done ? 409 : StatusOf(done.error()), std::move(words));
        co_return;
    }
    base::LogInfo("folder", base::Cat(r.visitor.who.user, " wrote ", r.place.path.Text(), ", ", file.taken(),
                                      " bytes, from ", head.peer));
    co_await Done(r, fresh ? 201 : 200);
}

rt::Co<void> Folder::Delete(Request& r) {
    if (auto unused = vm::CheckUnused(*parts_.inventory.Now(), r.place.path); !unused) {
        co_await Refuse(r, 409, unused.error().message());
        co_return;
    }
    auto remove = [place = r.place]() -> base::Result<> {
        TRY(root, storage::Root::Open(place.volume.folder, place.volume.name));
        return root.Remove(place.path.path);
    };
    auto removed = co_await parts_.pool.Run(std::move(remove));
    if (!removed) {
        co_await Refuse(r, StatusOf(removed.error()), removed.error().message);
        co_return;
    }
    base::LogInfo("folder",
                  base::Cat(r.visitor.who.user, " deleted ", r.place.path.Text(), " from ", r.exchange.head().peer));
    co_await Done(r, 204);
}

rt::Co<void> Folder::Host(net::Exchange& exchange) {
    auto visitor = co_await visitors_.Admit(exchange);
    if (!visitor) co_return;
    co_await ServeHostFile(exchange, parts_, *std::move(visitor));
}

}  // namespace

void ServeFiles(Site& site, FileParts parts) {
    auto folder = std::make_shared<Folder>(std::move(parts));
    site.Route("/folder", [folder](net::Exchange& x) { return folder->Handle(x); });
    site.Route("/host", [folder](net::Exchange& x) { return folder->Host(x); });
}

}  // namespace api
