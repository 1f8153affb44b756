// OvfManager, HttpNfcLease, and the methods that begin an import or an export.
#include "access/openings.h"
#include "api/permit.h"
#include "api/serve.h"
#include "vm/machines.h"

namespace api {

namespace call = vim::call;

namespace {

// A lease is revoked when its client loses the right that opened it.
void Keep(Call& c, vim::Ref object, vim::Ref lease, vm::Leases& leases, auth::Openings& openings) {
    auth::Standing standing{c.session->who.user, c.session->key, std::move(object), c.method->privilege};
    auto end = [&leases, lease](const std::string& why) { leases.Revoke(lease, why); };
    leases.Attach(lease, openings.Keep(std::move(standing), std::move(end)));
}

// The permit must live as long as the call that asks it.
rt::Co<vim::Result<vim::Ref>> Import(Call& c, const call::ImportVApp& r, vm::Leases& leases, auth::Openings& openings) {
    CallersPermit permit(c);
    CO_TRY(lease, co_await leases.Import(r, c.user, permit));
    Keep(c, r.self, lease, leases, openings);
    co_return lease;
}

rt::Co<vim::Result<vim::Ref>> Export(Call& c, const call::ExportVm& r, vm::Leases& leases, auth::Openings& openings) {
    CO_TRY(lease, co_await leases.Export(r, c.user));
    Keep(c, r.self, lease, leases, openings);
    co_return lease;
}

rt::Co<vim::Result<vim::Ref>> ExportSnapshot(Call& c, const call::ExportSnapshot& r, vm::Leases& leases,
                                             auth::Openings& openings) {
    CO_TRY(lease, co_await leases.ExportSnapshot(r, c.user));
    Keep(c, r.self, lease, leases, openings);
    co_return lease;
}

void ServeLeases(Dispatch& dispatch, vm::Machines& m, auth::Openings& openings) {
    dispatch.On<call::ImportVApp>(
        [&m, &openings](Call& c, const call::ImportVApp& r) { return Import(c, r, m.leases, openings); });
    dispatch.On<call::ExportVm>(
        [&m, &openings](Call& c, const call::ExportVm& r) { return Export(c, r, m.leases, openings); });
    dispatch.On<call::ExportSnapshot>(
        [&m, &openings](Call& c, const call::ExportSnapshot& r) { return ExportSnapshot(c, r, m.leases, openings); });
    dispatch.On<call::HttpNfcLeaseComplete>(
        [&m](Call& c, const call::HttpNfcLeaseComplete& r) { return m.leases.Complete(r.self, c.user); });
    dispatch.On<call::HttpNfcLeaseAbort>([&m](Call& c, const call::HttpNfcLeaseAbort& r) {
        return m.leases.Abort(r.self, c.user, r.fault ? r.fault->localized_message.value_or("") : std::string());
    });
    dispatch.On<call::HttpNfcLeaseProgress>(
        [&m](Call& c, const call::HttpNfcLeaseProgress& r) { return m.leases.Progress(r.self, c.user, r.percent); });
    dispatch.On<call::HttpNfcLeaseGetManifest>(
        [&m](Call& c, const call::HttpNfcLeaseGetManifest& r) { return m.leases.Manifest(r.self, c.user); });
    dispatch.On<call::HttpNfcLeaseSetManifestChecksumType>(
        [&m](Call& c, const call::HttpNfcLeaseSetManifestChecksumType& r) {
            return m.leases.SetChecksumTypes(r.self, c.user, r.device_urls_to_checksum_types);
        });
}

}  // namespace

void ServeOvf(Dispatch& dispatch, vm::Machines& m, auth::Openings& openings) {
    ServeLeases(dispatch, m, openings);
    dispatch.On<call::ParseDescriptor>([&m](Call&, const call::ParseDescriptor& r) { return m.ovf.Parse(r); });
    dispatch.On<call::ValidateHost>([&m](Call&, const call::ValidateHost& r) { return m.ovf.Validate(r); });
    dispatch.On<call::CreateImportSpec>([&m](Call&, const call::CreateImportSpec& r) { return m.ovf.ImportSpec(r); });
    dispatch.On<call::CreateDescriptor>(
        [&m](Call& c, const call::CreateDescriptor& r) -> vim::Result<vim::Ptr<vim::OvfCreateDescriptorResult>> {
            CHECK(c.Check(r.obj, "VApp.Export"));
            return m.ovf.Describe(r);
        });
    dispatch.On<call::ExtractOvfEnvironment>(
        [&m](Call&, const call::ExtractOvfEnvironment& r) { return m.ovf.Environment(r.self); });
}

}  // namespace api
