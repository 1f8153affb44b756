// OvfManager.ParseDescriptor and ValidateHost: what a package is, for wizards.
#include <algorithm>

#include "base/text.h"
#include "vim/gen/host.h"
#include "vm/ovf.h"

namespace vm {

namespace ovf = codec::ovf;

namespace {

vim::Fault FaultOf(const ovf::Problem& p) {
    using Kind = ovf::Problem::Kind;
    switch (p.kind) {
        case Kind::kMissingElement: {
            vim::OvfMissingElement f;
            f.name = p.element;
            return vim::Fault(std::move(f), p.words);
        }
        case Kind::kDuplicate: {
            vim::OvfDuplicateElement f;
            f.name = p.element;
            return vim::Fault(std::move(f), p.words);
        }
        case Kind::kMissingAttribute: {
            vim::OvfMissingAttribute f;
            f.element_name = p.element;
            f.attribute_name = p.attribute;
            return vim::Fault(std::move(f), p.words);
        }
        case Kind::kReference: {
            vim::OvfInvalidValueReference f;
            f.element_name = p.element;
            f.attribute_name = p.attribute;
            f.value = p.value;
            return vim::Fault(std::move(f), p.words);
        }
        case Kind::kInvalidValue:
            if (p.attribute.empty()) {
                vim::OvfElementInvalidValue f;
                f.name = p.element;
                f.value = p.value;
                return vim::Fault(std::move(f), p.words);
            } else {
                vim::OvfInvalidValue f;
                f.element_name = p.element;
                f.attribute_name = p.attribute;
                f.value = p.value;
                return vim::Fault(std::move(f), p.words);
            }
        default: {
            vim::OvfXmlFormat f;
            f.description = p.words;
            return vim::Fault(std::move(f), p.words);
        }
    }
}

struct Sizes {
    std::int64_t download = 0, flat = 0, sparse = 0;
};

void Plus(std::int64_t& sum, std::int64_t more) {
    if (__builtin_add_overflow(sum, std::max<std::int64_t>(0, more), &sum)) sum = INT64_MAX;
}

Sizes SizesOf(const ovf::Envelope& e) {
    Sizes s;
    for (const ovf::File& f : e.files) Plus(s.download, f.size.value_or(0));
    for (const ovf::Disk& d : e.disks) {
        std::int64_t bytes = 0;
        auto number = base::ToInt(d.capacity);
        if (number && *number >= 0 &&
            __builtin_mul_overflow(*number, static_cast<std::int64_t>(std::min<std::uint64_t>(d.unit, INT64_MAX)),
                                   &bytes))
            bytes = INT64_MAX;
        Plus(s.flat, bytes);
        const ovf::File* file = d.file.empty() ? nullptr : e.FindFile(d.file);
        Plus(s.sparse, d.populated.value_or(file ? file->size.value_or(0) : 0));
    }
    return s;
}

// Of one machine, or of all in a collection.
template <class Fn> void EachSystem(const ovf::System& s, const Fn& fn) {
    fn(s);
    for (const ovf::System& child : s.children) EachSystem(child, fn);
}

std::string NameOf(const ovf::System& s) { return s.name.empty() ? s.id : s.name; }

}  // namespace

vim::VAppProductInfo ProductInfo(const ovf::Product& p) {
    vim::VAppProductInfo info;
    info.class_id = p.class_id;
    info.instance_id = p.instance;
    info.name = p.name;
    info.vendor = p.vendor;
    info.version = p.version;
    info.full_version = p.full_version;
    info.vendor_url = p.vendor_url;
    info.product_url = p.url;
    info.app_url = p.app_url;
    return info;
}

rt::Co<vim::Result<ovf::Envelope>> Ovf::Read(std::string descriptor) {
    // A large one takes a while: not on the loop.
    auto parse = [text = std::move(descriptor)]() mutable { return ovf::Parse(std::move(text)); };
    auto parsed = co_await c_.pool.Run(std::move(parse));
    if (!parsed) co_return FaultOf(parsed.error());
    co_return *std::move(parsed);
}

std::string ChosenOption(const ovf::Envelope& e, const std::string& asked, OvfFindings& findings) {
    std::string chosen = asked;
    if (chosen.empty()) {
        for (const ovf::Option& o : e.options)
            if (o.is_default) return o.id;
        return e.options.empty() ? std::string() : e.options.front().id;
    }
    for (const ovf::Option& o : e.options)
        if (o.id == chosen) return chosen;
    vim::OvfInvalidValueConfiguration f;
    f.element_name = "Configuration";
    f.attribute_name = "id";
    f.value = asked;
    findings.Error(vim::Fault(std::move(f), base::Cat("the package has no deployment option \"", asked, "\"")));
    return {};
}

const ovf::Hardware* ChosenHardware(const ovf::System& system, std::string& version, OvfFindings& findings) {
    std::string families;
    for (const ovf::Hardware& h : system.hardware) {
        std::int64_t best = 0;
        for (const std::string& family : h.families) {
            families += (families.empty() ? "" : " ") + family;
            auto number = family.starts_with("vmx-") ? base::ToInt(std::string_view(family).substr(4)) : std::nullopt;
            if (number && *number >= 4 && *number <= 21) best = std::max(best, *number);
        }
        if (!best && !h.families.empty()) continue;
        version = best ? base::Cat("vmx-", best < 10 ? "0" : "", best) : std::string();
        return &h;
    }
    if (system.hardware.empty()) {
        vim::OvfMissingElement f;
        f.name = "VirtualHardwareSection";
        findings.Error(vim::Fault(std::move(f), "the virtual system says nothing of its hardware"));
        return nullptr;
    }
    vim::OvfNoSupportedHardwareFamily f;
    f.version = families;
    findings.Error(vim::Fault(
        std::move(f), base::Cat("hardware of family \"", families, "\" is not supported; vmx-04 to vmx-21 are")));
    return nullptr;
}

std::string ValueFor(const ovf::Property& property, const std::string& option) {
    for (const auto& [configuration, value] : property.values)
        for (std::string_view word : base::Split(configuration, ' '))
            if (!option.empty() && word == option) return value;
    return property.value;
}

void TellUnknown(const std::vector<ovf::Unknown>& unknown, OvfFindings& findings) {
    for (const ovf::Unknown& u : unknown) {
        vim::OvfUnsupportedSection f;
        f.name = u.name;
        f.info = u.info;
        findings.Tell(u.required, vim::Fault(std::move(f), base::Cat("section <", u.name, "> is not supported",
                                                                     u.required ? "" : " and left out")));
    }
}

rt::Co<vim::Result<vim::Ptr<vim::OvfParseDescriptorResult>>> Ovf::Parse(vim::call::ParseDescriptor call) {
    vim::OvfParseDescriptorResult r;
    OvfFindings findings;
    auto read = co_await Read(std::move(call.ovf_descriptor));
    if (!read) {
        r.error.push_back(read.error().AsData());
        co_return vim::Ptr<vim::OvfParseDescriptorResult>(std::move(r));
    }
    const ovf::Envelope& e = *read;
    for (const ovf::Network& n : e.networks) {
        vim::OvfNetworkInfo info;
        info.name = n.name;
        info.description = n.description;
        r.network.push_back(std::move(info));
    }
    for (const ovf::Option& o : e.options) {
        vim::OvfDeploymentOption option;
        option.key = o.id;
        option.label = o.label;
        option.description = o.description;
        r.deployment_option.push_back(std::move(option));
        if (o.is_default) r.default_deployment_option = o.id;
    }
    if (r.default_deployment_option.empty() && !e.options.empty()) r.default_deployment_option = e.options.front().id;
    std::string option = ChosenOption(e, call.pdp ? call.pdp->deployment_option : "", findings);
    int key = 0;
    EachSystem(e.system, [&](const ovf::System& s) {
        for (const std::string& eula : s.eulas) r.eula.push_back(eula);
        for (const ovf::Product& p : s.products)
            for (const ovf::Property& one : p.properties) {
                vim::VAppPropertyInfo info;
                info.key = key++;
                info.class_id = p.class_id;
                info.instance_id = p.instance;
                info.id = one.key;
                info.category = one.category;
                info.label = one.label;
                info.type_ = one.password ? "password" : one.type.empty() ? "string" : one.type;
                info.user_configurable = one.user_configurable;
                info.default_value = ValueFor(one, option);
                info.description = one.description;
                r.property.push_back(std::move(info));
            }
        if (&s != &e.system) {
            vim::KeyValue name;
            name.key = s.id;
            name.value = NameOf(s);
            r.entity_name.push_back(std::move(name));
        }
        TellUnknown(s.unknown, findings);
    });
    if (!e.system.products.empty()) r.product_info = ProductInfo(e.system.products.front());
    TellUnknown(e.unknown, findings);
    Sizes sizes = SizesOf(e);
    r.approximate_download_size = sizes.download;
    r.approximate_flat_deployment_size = sizes.flat;
    r.approximate_sparse_deployment_size = sizes.sparse;
    r.ip_allocation_scheme = e.ip_schemes;
    r.ip_protocols = e.ip_protocols;
    r.annotation = e.system.annotation;
    r.default_entity_name = NameOf(e.system);
    r.virtual_app = e.system.collection;
    r.error = std::move(findings.errors);
    r.warning = std::move(findings.warnings);
    co_return vim::Ptr<vim::OvfParseDescriptorResult>(std::move(r));
}

rt::Co<vim::Result<vim::Ptr<vim::OvfValidateHostResult>>> Ovf::Validate(vim::call::ValidateHost call) {
    if (!c_.inventory.Now()->Get<vim::HostSystem>(call.host))
        co_return vim::Fault(vim::ManagedObjectNotFound(call.host), "there is no host " + call.host.id);
    vim::OvfValidateHostResult r;
    OvfFindings findings;
    auto read = co_await Read(std::move(call.ovf_descriptor));
    if (!read) {
        r.error.push_back(read.error().AsData());
        co_return vim::Ptr<vim::OvfValidateHostResult>(std::move(r));
    }
    Sizes sizes = SizesOf(*read);
    r.download_size = sizes.download;
    r.flat_deployment_size = sizes.flat;
    r.sparse_deployment_size = sizes.sparse;
    r.supported_disk_provisioning = {"thin", "thick", "eagerZeroedThick"};
    std::string option = ChosenOption(*read, call.vhp ? call.vhp->deployment_option : "", findings);
    EachSystem(read->system, [&](const ovf::System& s) {
        std::string version;
        if (!s.collection) (void)ChosenHardware(s, version, findings);
        TellUnknown(s.unknown, findings);
    });
    r.error = std::move(findings.errors);
    r.warning = std::move(findings.warnings);
    co_return vim::Ptr<vim::OvfValidateHostResult>(std::move(r));
}

}  // namespace vm
