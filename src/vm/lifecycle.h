// How VMs come and go: created, registered, unregistered, destroyed; and how they are
// found again when hostd starts.
#pragma once

#include "vim/gen/calls_entity.h"
#include "vim/gen/calls_vm.h"
#include "vm/context.h"
#include "vm/intent.h"

namespace vm {

class Lifecycle {
public:
    explicit Lifecycle(Context& context) : c_(context) {}

    rt::Co<vim::Result<vim::Ref>> Create(vim::call::CreateVM call, std::string user, const Permit& permit);
    rt::Co<vim::Result<vim::Ref>> CreateChild(vim::call::CreateChildVM call, std::string user, const Permit& permit);
    rt::Co<vim::Result<vim::Ref>> Register(vim::call::RegisterVM call, std::string user, const Permit& permit);
    rt::Co<vim::Result<vim::Ref>> RegisterChild(vim::call::RegisterChildVM call, std::string user,
                                                const Permit& permit);
    rt::Co<vim::Result<>> Unregister(vim::call::UnregisterVM call, std::string user);
    // Of a VM; the privilege is asked here, since Destroy_Task itself needs none.
    rt::Co<vim::Result<vim::Ref>> Destroy(vim::call::Destroy call, std::string user, const Permit& permit);

    // Reads the list of VMs and each folder, then asks the backend what runs. Once, before
    // tasks are resumed. A VM that cannot be read is there and says why.
    rt::Co<base::Result<>> Load();
    void RegisterResumers();

    // `count` imagined VMs without files, "sim-00001" and so on. For --sim.
    void Imagine(int count, const vim::Ref& datastore, const std::string& network);

private:
    friend class Leases;                 // an import is a creation whose disks come later
    friend class Clone;                  // and a clone one whose disks are copied
    using Done = rt::Co<vim::Result<vim::Any>>;
    struct Making {                      // a creation that was checked
        Intent intent;
        std::vector<std::string> made;   // of intent.makes, until now
        Config config;
        FileWork files;
        Spec spec;
        Home home;
    };
    struct Asked {
        const vim::Method* method;
        vim::Ref entity, pool, host;
        vim::Ptr<Spec> spec;
    };
    struct AskedPath {
        const vim::Method* method;
        vim::Ref entity, pool, host;
        std::string path;
        std::optional<std::string> name;
        bool as_template;
    };

    rt::Co<vim::Result<vim::Ref>> StartCreate(Asked asked, std::string user, const Permit& permit);
    vim::Result<Making> CheckCreate(const Asked& asked, const Permit& permit);
    vim::Result<> CheckPlace(const vim::Ref& entity, const vim::Ref& pool, const vim::Ref& host, const Permit& permit);
    vim::Result<> CheckFreeName(const std::string& name);
    vim::Result<Located> ChooseVmx(const Spec& spec, const VolumeList& volumes, bool& new_folder);
    Done RunCreate(std::shared_ptr<Making> making, std::string user, task::Progress& progress);
    rt::Co<vim::Result<>> MakeFiles(Making& making, task::Progress& progress);

    rt::Co<vim::Result<vim::Ref>> StartRegister(AskedPath asked, std::string user, const Permit& permit);
    Done RunRegister(Intent intent, std::string user, task::Progress& progress);
    Done RunDestroy(Intent intent, std::string user, task::Progress& progress);

    // Reads the folder, puts the VM into the list and the inventory.
    rt::Co<vim::Result<vim::Ref>> Admit(Intent intent);
    void Place(const Home& home, const std::string& id, const Loaded& loaded, const vim::Ref& pool);
    void Drop(const std::string& id);

    Done ResumeCreate(task::Unfinished what, task::Progress& progress);
    rt::Co<vim::Result<vim::Ref>> Settle(Intent intent, bool begun);
    Done ResumeRegister(task::Unfinished what, task::Progress& progress);
    Done ResumeDestroy(task::Unfinished what, task::Progress& progress);

    struct Read {
        Registry::Entry entry;
        Home home;
        base::Result<Loaded> loaded;
        bool reachable = false;
    };
    static std::vector<Read> ReadAll(std::vector<Registry::Entry> entries, VolumeList volumes);
    rt::Co<base::Result<>> AdoptRunning();

    Context& c_;
};

}  // namespace vm
