// A customization as clients ask for it: a name, and an adapter that asks for its address.
#pragma once

#include "vim/gen/guest.h"

namespace vm {

inline vim::CustomizationSpec LinuxNamed(std::string name) {
    vim::CustomizationFixedName fixed;
    fixed.name = std::move(name);
    vim::CustomizationLinuxPrep prep;
    prep.host_name = std::move(fixed);
    prep.domain = "example.org";
    vim::CustomizationIPSettings dhcp;
    dhcp.ip = vim::CustomizationDhcpIpGenerator();
    vim::CustomizationAdapterMapping nic;
    nic.adapter = std::move(dhcp);
    vim::CustomizationSpec spec;
    spec.identity = std::move(prep);
    spec.global_ip_settings = vim::CustomizationGlobalIPSettings();
    spec.nic_setting_map.push_back(std::move(nic));
    return spec;
}

}  // namespace vm
