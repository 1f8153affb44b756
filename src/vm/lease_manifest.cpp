// What a lease tells of the bytes that it moved.
#include "base/text.h"
#include "vm/lease.h"

namespace vm {

vim::Result<> Leases::SetChecksumTypes(const vim::Ref& ref, const std::string& user,
                                       const std::vector<vim::Ptr<vim::KeyValue>>& types) {
    TRY(lease, Find(ref, user));
    if (!lease->ready || lease->over()) return vim::Fault(vim::InvalidState(), "the lease is not ready");
    for (const auto& one : types) {
        std::string kind = base::Lower(one->value);
        if (kind != "sha1" && kind != "sha256")
            return vim::Fault(vim::InvalidArgument("deviceUrlsToChecksumTypes"),
                              base::Cat("checksums are sha1 or sha256, not \"", one->value, "\""));
        auto file = std::find_if(lease->files.begin(), lease->files.end(),
                                 [&](const LeaseFile& f) { return f.key == one->key || f.import_key == one->key; });
        if (file == lease->files.end())
            return vim::Fault(vim::InvalidArgument("deviceUrlsToChecksumTypes"),
                              base::Cat("the lease has no device ", one->key));
        if (kind != file->sum_type && (file->busy || file->done))
            return vim::Fault(vim::InvalidState(),
                              base::Cat(one->key, " has been transferred: choose its checksum before"));
        file->sum_type = kind;
    }
    return {};
}

vim::Result<std::vector<vim::Ptr<vim::HttpNfcLeaseManifestEntry>>> Leases::Manifest(const vim::Ref& ref,
                                                                                    const std::string& user) const {
    TRY(lease, Find(ref, user));
    if (!lease->ready) return vim::Fault(vim::InvalidState(), "the lease is not ready yet");
    std::vector<vim::Ptr<vim::HttpNfcLeaseManifestEntry>> out;
    for (const LeaseFile& f : lease->files) {
        if (!f.done) continue;
        vim::HttpNfcLeaseManifestEntry e;
        e.key = f.key;
        e.sha1 = f.moved.sha1;
        e.checksum = f.sha256() ? f.moved.sha256 : f.moved.sha1;
        e.checksum_type = f.sum_type;
        e.size = f.moved.bytes;
        e.disk = f.disk;
        if (f.disk) {
            e.capacity = f.size;
            e.populated_size = f.moved.populated;
        }
        out.push_back(std::move(e));
    }
    return out;
}

std::optional<Moved> Leases::Exported(const vim::Ref& vm, std::string_view place) const {
    std::optional<Moved> out;
    base::Duration newest{};
    for (const auto& [id, lease] : leases_)
        for (const LeaseFile& f : lease->files) {
            bool of_it = !lease->import && lease->vm == vm && f.done && f.key.ends_with(base::Cat('/', place));
            if (!of_it || (out && lease->renewed < newest)) continue;
            out = f.moved;
            newest = lease->renewed;
        }
    return out;
}

}  // namespace vm
