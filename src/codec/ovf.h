// An OVF descriptor (1.0, 1.1 and 2.0) as values, and back.
//
// A package comes from a stranger. Parse() is bounded, knows no DOCTYPE, and refuses an href
// that would lead out of the package. What it does not know it lists (Unknown): whoever uses
// the descriptor refuses what is required and warns of the rest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace codec::ovf {

inline constexpr std::string_view kNamespace1 = "http://schemas.dmtf.org/ovf/envelope/1",
                                  kNamespace2 = "http://schemas.dmtf.org/ovf/envelope/2",
                                  kVmware = "http://www.vmware.com/schema/ovf";
inline constexpr std::string_view kStreamOptimized =
    "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized";

// Resource types of CIM that occur in virtual hardware.
enum ResourceType : int {
    kOther = 1,
    kProcessor = 3,
    kMemory = 4,
    kIde = 5,
    kScsi = 6,
    kEthernet = 10,
    kFloppy = 14,
    kCdrom = 15,
    kDvd = 16,
    kDisk = 17,
    kOtherStorage = 20,
    kSerial = 21,
    kParallel = 22,
    kUsb = 23,
    kVideo = 24
};

struct File {
    std::string id, href, compression;
    std::optional<std::int64_t> size, chunk_size;
    friend bool operator==(const File&, const File&) = default;
};

struct Disk {
    std::string id, file, parent, format;        // file, parent: ids; "": none
    std::string capacity;                        // a number, or "${property}"
    std::uint64_t unit = 1;                      // bytes of one
    std::optional<std::int64_t> populated;       // bytes
    friend bool operator==(const Disk&, const Disk&) = default;
};

struct Network {
    std::string name, description;
    friend bool operator==(const Network&, const Network&) = default;
};

struct Option {                                  // a deployment option
    std::string id, label, description;
    bool is_default = false;
    friend bool operator==(const Option&, const Option&) = default;
};

struct Setting {                                 // vmw:Config, vmw:ExtraConfig
    std::string key, value;
    bool required = true;
    friend bool operator==(const Setting&, const Setting&) = default;
};

struct Item {
    int type = 0;
    std::string instance, name, description, subtype, parent, address, address_on_parent, units;
    std::optional<std::int64_t> quantity, limit, reservation, weight, cores_per_socket;
    bool automatic = true, required = true;
    std::vector<std::string> connections, resources;     // HostResource: "ovf:/disk/vmdisk1"
    std::string configuration, bound;            // for which deployment options; "min", "max"
    std::vector<Setting> config;
    friend bool operator==(const Item&, const Item&) = default;
};

struct Hardware {
    std::vector<std::string> families;           // "vmx-13"
    std::vector<std::string> transport;          // "iso", "com.vmware.guestInfo"
    std::vector<Item> items;
    std::vector<Setting> config, extra;
    friend bool operator==(const Hardware&, const Hardware&) = default;
};

struct Property {
    std::string key, type, qualifiers, label, description, category, value;
    bool user_configurable = false, password = false;
    std::vector<std::pair<std::string, std::string>> values;     // deployment option, value
    friend bool operator==(const Property&, const Property&) = default;
};

struct Product {
    std::string class_id, instance, name, vendor, version, full_version, url, vendor_url, app_url;
    std::vector<Property> properties;
    friend bool operator==(const Product&, const Product&) = default;
};

struct Unknown {                                 // a section or element that is not understood
    std::string name, info;
    bool required = true;
    friend bool operator==(const Unknown&, const Unknown&) = default;
};

struct System {
    bool collection = false;
    std::string id, name, info;
    std::string annotation;
    std::vector<std::string> eulas;
    std::vector<Product> products;
    std::vector<Hardware> hardware;
    int os = 0;
    std::string os_type, os_description;         // vmw:osType
    bool install_boot = false;
    int install_delay = 0;
    std::vector<Unknown> unknown;
    std::vector<System> children;                // of a collection
    friend bool operator==(const System&, const System&) = default;
};

struct Envelope {
    std::vector<File> files;
    std::vector<Disk> disks;
    std::vector<Network> networks;
    std::vector<Option> options;
    std::vector<Unknown> unknown;
    System system;
    std::vector<std::string> ip_schemes, ip_protocols;   // of vmw:IpAssignmentSection

    const File* FindFile(std::string_view id) const;
    const Disk* FindDisk(std::string_view id) const;
    friend bool operator==(const Envelope&, const Envelope&) = default;
};

// What is wrong with a package.
struct Problem {
    enum class Kind { kXml, kNamespace, kMissingElement, kMissingAttribute, kInvalidValue, kDuplicate, kReference };
    Kind kind;
    std::string element, attribute, value, words;
};

struct Limits {
    std::size_t bytes = 4 << 20;
    std::size_t each = 1024;                     // files, disks, items, properties ...
};

base::Result<Envelope, Problem> Parse(std::string text, const Limits& limits = {});
// As OVF 1.0 with VMware's additions.
std::string Write(const Envelope& envelope);

// Bytes (or whatever is counted) of "byte * 2^30", "MegaBytes", "hertz * 10^6", ""; nullopt: unknown.
std::optional<std::uint64_t> UnitOf(std::string_view text);
// "disk1.vmdk", "disks/disk1.vmdk": a file of the package, and no other.
bool IsPackageHref(std::string_view href);

}  // namespace codec::ovf
