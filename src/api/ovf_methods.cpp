// OvfManager, HttpNfcLease, and the methods that begin an import or an export.
#include "api/permit.h"
#include "api/serve.h"
#include "vm/machines.h"

namespace api {

namespace call = vim::call;

namespace {

// The permit must live as long as the call that asks it.
rt::Co<vim::Result<vim::Ref>> Import(Call& c, const call::ImportVApp& r, vm::Machines& m) {
    CallersPermit permit(c);
    co_return co_await m.leases.Import(r, c.user, permit);
}

void ServeLeases(Dispatch& dispatch, vm::Machines& m) {
    dispatch.On<call::ImportVApp>([&m](Call& c, const call::ImportVApp& r) { return Import(c, r, m); });
    dispatch.On<call::ExportVm>([&m](Call& c, const call::ExportVm& r) { return m.leases.Export(r, c.user); });
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

void ServeOvf(Dispatch& dispatch, vm::Machines& m) {
    ServeLeases(dispatch, m);
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
