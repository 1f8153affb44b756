// Virtual systems: their hardware, products and properties.
#include <algorithm>
#include <set>

#include "codec/ovf_reader.h"

namespace codec::ovf {

base::Result<Item, Problem> Reader::ReadItem(Element e) {
    Item item;
    item.required = Required(e);
    item.configuration = Attr(e, "configuration");
    item.bound = Attr(e, "bound");
    std::optional<std::int64_t> type;
    for (Element p = e.First(); p; p = p.Next()) {
        std::string_view n = p.Local();
        if (n == "ResourceType") CHECK(Number(p, type));
        else if (n == "InstanceID" || n == "InstanceId") item.instance = TextOf(p);
        else if (n == "ElementName" || n == "Caption") item.name = item.name.empty() ? Words(p) : item.name;
        else if (n == "Description") item.description = Words(p);
        else if (n == "ResourceSubType") item.subtype = TextOf(p);
        else if (n == "Parent") item.parent = TextOf(p);
        else if (n == "Address") item.address = TextOf(p);
        else if (n == "AddressOnParent") item.address_on_parent = TextOf(p);
        else if (n == "AllocationUnits") item.units = TextOf(p);
        else if (n == "AutomaticAllocation") item.automatic = IsTrue(TextOf(p));
        else if (n == "VirtualQuantity") CHECK(Number(p, item.quantity));
        else if (n == "Limit") CHECK(Number(p, item.limit));
        else if (n == "Reservation") CHECK(Number(p, item.reservation));
        else if (n == "Weight") CHECK(Number(p, item.weight));
        else if (n == "CoresPerSocket") CHECK(Number(p, item.cores_per_socket));
        else if (n == "Connection") {
            CHECK(Room(item.connections, p));
            item.connections.push_back(TextOf(p));
        } else if (n == "HostResource") {
            CHECK(Room(item.resources, p));
            item.resources.push_back(TextOf(p));
        } else if (n == "Config") {
            CHECK(Room(item.config, p));
            item.config.push_back(ReadSetting(p));
        }
    }
    if (!type)
        return Wrong(Kind::kMissingElement, e, "", "", base::Cat("item \"", item.instance, "\" has no ResourceType"));
    if (*type < 0 || *type > 65535)
        return Wrong(Kind::kInvalidValue, e, "", base::Cat(*type), base::Cat(*type, " is no ResourceType"));
    item.type = static_cast<int>(*type);
    return item;
}

Reader::Done Reader::ReadHardware(Element e, System& system) {
    CHECK(Room(system.hardware, e));
    Hardware h;
    std::string transport = Attr(e, "transport");
    for (std::string_view word : base::Split(transport, ' '))
        if (!word.empty()) h.transport.emplace_back(word);
    for (Element p = e.First(); p; p = p.Next()) {
        std::string_view n = p.Local();
        if (n == "System") {
            std::string families = TextOf(p.Child("VirtualSystemType"));
            for (char& c : families) c = c == ',' ? ' ' : c;
            for (std::string_view word : base::Split(families, ' '))
                if (!word.empty()) h.families.emplace_back(word);
        } else if (n == "Item" || n == "EthernetPortItem" || n == "StorageItem") {
            CHECK(Room(h.items, p));
            TRY(item, ReadItem(p));
            h.items.push_back(std::move(item));
        } else if (n == "Config" || n == "ExtraConfig") {
            auto& list = n == "Config" ? h.config : h.extra;
            CHECK(Room(list, p));
            list.push_back(ReadSetting(p));
        }
    }
    system.hardware.push_back(std::move(h));
    return {};
}

Reader::Done Reader::ReadProduct(Element e, System& system) {
    CHECK(Room(system.products, e));
    Product product;
    product.class_id = Attr(e, "class");
    product.instance = Attr(e, "instance");
    std::string category;
    std::set<std::string> keys;
    for (Element p = e.First(); p; p = p.Next()) {
        std::string_view n = p.Local();
        if (n == "Product") product.name = Words(p);
        else if (n == "Vendor") product.vendor = Words(p);
        else if (n == "Version") product.version = TextOf(p);
        else if (n == "FullVersion") product.full_version = TextOf(p);
        else if (n == "ProductUrl") product.url = TextOf(p);
        else if (n == "VendorUrl") product.vendor_url = TextOf(p);
        else if (n == "AppUrl") product.app_url = TextOf(p);
        else if (n == "Category") category = Words(p);
        if (n != "Property") continue;
        CHECK(Room(product.properties, p));
        Property property;
        TRY(key, Need(p, "key"));
        if (!keys.insert(key).second)
            return Wrong(Kind::kDuplicate, p, "key", key, base::Cat("property \"", key, "\" is there twice"));
        property.key = std::move(key);
        property.type = Attr(p, "type");
        property.qualifiers = Attr(p, "qualifiers");
        property.value = Attr(p, "value");
        property.user_configurable = IsTrue(Attr(p, "userConfigurable"));
        property.password = IsTrue(Attr(p, "password"));
        property.category = category;
        property.label = Words(p.Child("Label"));
        property.description = Words(p.Child("Description"));
        for (Element v = p.First(); v; v = v.Next()) {
            if (v.Local() != "Value") continue;
            CHECK(Room(property.values, v));
            property.values.emplace_back(Attr(v, "configuration"), Attr(v, "value"));
        }
        product.properties.push_back(std::move(property));
    }
    system.products.push_back(std::move(product));
    return {};
}

Reader::Done Reader::ReadSystem(Element e, System& system, int depth) {
    system.collection = e.Local() == "VirtualSystemCollection";
    TRY(id, Need(e, "id"));
    system.id = std::move(id);
    for (Element p = e.First(); p; p = p.Next()) {
        std::string_view n = p.Local();
        if (n == "Info") system.info = Words(p);
        else if (n == "Name") system.name = Words(p);
        else if (n == "AnnotationSection") system.annotation = Words(p.Child("Annotation"));
        else if (n == "EulaSection") {
            CHECK(Room(system.eulas, p));
            system.eulas.push_back(Words(p.Child("License")));
        } else if (n == "ProductSection") CHECK(ReadProduct(p, system));
        else if (n == "VirtualHardwareSection") CHECK(ReadHardware(p, system));
        else if (n == "OperatingSystemSection") {
            system.os = static_cast<int>(std::clamp<std::int64_t>(base::ToInt(Attr(p, "id")).value_or(0), 0, 65535));
            system.os_type = VmwAttr(p, "osType");
            system.os_description = Words(p.Child("Description"));
        } else if (n == "InstallSection") {
            system.install_boot = true;
            system.install_delay = static_cast<int>(
                std::clamp<std::int64_t>(base::ToInt(Attr(p, "initialBootStopDelay")).value_or(0), 0, 86400));
        } else if (n == "VirtualSystem" || n == "VirtualSystemCollection") {
            if (!system.collection || depth > 8)
                return Wrong(Kind::kInvalidValue, p, "", "", "systems are nested in a way that cannot be");
            CHECK(Room(system.children, p));
            System child;
            CHECK(ReadSystem(p, child, depth + 1));
            system.children.push_back(std::move(child));
        } else if (n == "IpAssignmentSection") {
            for (auto [name, list] :
                 {std::pair{"schemes", &out_.ip_schemes}, std::pair{"protocols", &out_.ip_protocols}}) {
                std::string words = Attr(p, name);
                if (words.empty()) words = VmwAttr(p, name);
                for (char& c : words) c = c == ',' ? ' ' : c;
                for (std::string_view word : base::Split(words, ' '))
                    if (!word.empty() && list->size() < 16) list->emplace_back(word);
            }
        } else if (n != "StartupSection" && n != "ResourceAllocationSection" && n != "BootOrderSection") {
            CHECK(Room(system.unknown, p));
            system.unknown.push_back({std::string(n), Words(p.Child("Info")), Required(p)});
        }
    }
    return {};
}

}  // namespace codec::ovf
