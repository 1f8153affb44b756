#include "vm/names.h"

#include "base/text.h"
#include "vim/gen/fault.h"

namespace vm {

vim::Result<> CheckNameOf(std::string_view what, const std::string& name, const vim::Ref& entity) {
    std::size_t characters = 0;
    bool control = false;
    for (unsigned char c : name) {
        characters += (c & 0xc0) != 0x80;
        control |= c < 0x20 || c == 0x7f;
    }
    if (!name.empty() && characters <= 80 && !control) return {};
    vim::InvalidName fault;
    fault.name = name;
    fault.entity = entity;
    return vim::Fault(std::move(fault),
                      name.empty() ? base::Cat(what, " needs a name")
                      : control    ? base::Cat("the name of ", what, " holds a control character")
                                : base::Cat("the name of ", what, " has ", characters, " characters; 80 are possible"));
}

}  // namespace vm
