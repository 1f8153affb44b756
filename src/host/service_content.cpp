// ServiceInstance and the managers that ServiceContent names.
#include "base/text.h"
#include "host/about.h"
#include "host/ids.h"
#include "host/licenses.h"
#include "host/make.h"
#include "host/tree.h"
#include "perf/counters.h"

namespace host {
namespace {

template <class T> T Made(vim::Ref self) {
    T t;
    t.self = std::move(self);
    return t;
}

vim::Ptr<vim::ServiceContent> Content(const HostOptions& options) {
    vim::ServiceContent c;
    c.root_folder = RootFolderRef();
    c.property_collector = PropertyCollectorRef();
    c.view_manager = ViewManagerRef();
    c.about = About(options.build);
    c.setting = SettingRef();
    c.user_directory = UserDirectoryRef();
    c.session_manager = SessionManagerRef();
    c.authorization_manager = AuthorizationManagerRef();
    c.service_manager = ServiceManagerRef();
    c.perf_manager = PerformanceManagerRef();
    c.event_manager = EventManagerRef();
    c.task_manager = TaskManagerRef();
    c.account_manager = AccountManagerRef();
    c.diagnostic_manager = DiagnosticManagerRef();
    c.license_manager = LicenseManagerRef();
    c.search_index = SearchIndexRef();
    c.file_manager = FileManagerRef();
    c.virtual_disk_manager = VirtualDiskManagerRef();
    c.ovf_manager = OvfManagerRef();
    c.dv_switch_manager = DvSwitchManagerRef();
    c.localization_manager = LocalizationManagerRef();
    c.storage_resource_manager = StorageResourceManagerRef();
    c.guest_operations_manager = GuestOperationsManagerRef();
    return c;
}

void AddServiceInstance(inventory::Edit& edit, const HostOptions& options, base::Time now) {
    auto s = Made<vim::ServiceInstance>(ServiceInstanceRef());
    s.server_clock = now;
    auto& capability = s.capability.Mut();
    capability.provisioning_supported = false;
    capability.multi_host_supported = false;
    capability.user_shell_access_supported = true;
    capability.network_backup_and_restore_supported = false;
    s.content = Content(options);
    edit.Add(std::move(s));
}

void AddSessions(inventory::Edit& edit) {
    auto sessions = Made<vim::SessionManager>(SessionManagerRef());
    sessions.message_locale_list = {"en"};
    sessions.supported_locale_list = {"en"};
    sessions.default_locale = "en";
    edit.Add(std::move(sessions));
    auto roles = Made<vim::AuthorizationManager>(AuthorizationManagerRef());
    roles.description.Mut();
    edit.Add(std::move(roles));
    auto directory = Made<vim::UserDirectory>(UserDirectoryRef());
    edit.Add(std::move(directory));
    edit.Add(Made<vim::HostLocalAccountManager>(AccountManagerRef()));
}

void AddHistory(inventory::Edit& edit) {
    auto tasks = Made<vim::TaskManager>(TaskManagerRef());
    auto& words = tasks.description.Mut();
    for (std::string_view s : {"queued", "running", "success", "error"}) words.state.push_back(Describe(s));
    for (std::string_view r : {"TaskReasonUser", "TaskReasonSystem", "TaskReasonSchedule", "TaskReasonAlarm"}) {
        vim::TypeDescription d;
        d.key = d.label = d.summary = r;
        words.reason.push_back(std::move(d));
    }
    for (const auto* m : vim::AllMethods())
        if (m->is_task && !m->task_id.empty()) words.method_info.push_back(Describe(m->task_id, m->name, m->doc));
    tasks.max_collector = 32;
    edit.Add(std::move(tasks));

    auto events = Made<vim::EventManager>(EventManagerRef());
    auto& kinds = events.description.Mut();
    for (std::string_view c : {"info", "warning", "error", "user"}) kinds.category.push_back(Describe(c));
    events.max_collector = 32;
    edit.Add(std::move(events));
}

// Managers without properties of their own, or with none that must be set.
void AddOthers(inventory::Edit& edit) {
    edit.Add(Made<vim::PropertyCollector>(PropertyCollectorRef()));
    edit.Add(Made<vim::ViewManager>(ViewManagerRef()));
    edit.Add(Made<vim::OptionManager>(SettingRef()));
    edit.Add(Made<vim::OptionManager>(AdvancedOptionsRef()));
    edit.Add(Made<vim::ServiceManager>(ServiceManagerRef()));
    edit.Add(Made<vim::DiagnosticManager>(DiagnosticManagerRef()));
    edit.Add(Made<vim::SearchIndex>(SearchIndexRef()));
    edit.Add(Made<vim::FileManager>(FileManagerRef()));
    edit.Add(Made<vim::VirtualDiskManager>(VirtualDiskManagerRef()));
    edit.Add(Made<vim::OvfManager>(OvfManagerRef()));
    edit.Add(Made<vim::DistributedVirtualSwitchManager>(DvSwitchManagerRef()));
    edit.Add(Made<vim::LocalizationManager>(LocalizationManagerRef()));
    edit.Add(Made<vim::StorageResourceManager>(StorageResourceManagerRef()));
    auto guests = Made<vim::GuestOperationsManager>(GuestOperationsManagerRef());
    guests.auth_manager = GuestAuthManagerRef();
    guests.file_manager = GuestFileManagerRef();
    guests.process_manager = GuestProcessManagerRef();
    edit.Add(std::move(guests));
    edit.Add(Made<vim::GuestAuthManager>(GuestAuthManagerRef()));
    edit.Add(Made<vim::GuestFileManager>(GuestFileManagerRef()));
    edit.Add(Made<vim::GuestProcessManager>(GuestProcessManagerRef()));
}

void AddCertificate(inventory::Edit& edit, const Certificate& certificate) {
    auto m = Made<vim::HostCertificateManager>(CertificateManagerRef());
    auto& info = m.certificate_info.Mut();
    info.status = certificate.subject.empty() ? "unknown" : "good";
    if (!certificate.subject.empty()) {
        info.issuer = certificate.issuer;
        info.subject = certificate.subject;
        info.not_before = certificate.not_before;
        info.not_after = certificate.not_after;
    }
    edit.Add(std::move(m));
}

}  // namespace

void AddServices(inventory::Edit& edit, const HostOptions& options, base::Time now) {
    AddServiceInstance(edit, options, now);
    AddSessions(edit);
    AddHistory(edit);
    AddOthers(edit);
    AddCertificate(edit, options.certificate);
    edit.Add(EvaluationLicenses(now, options.first_start));
    edit.Add(perf::NewManager(PerformanceManagerRef()));
}

}  // namespace host
