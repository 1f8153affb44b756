#include "vim/fault.h"

#include "base/text.h"

namespace vim {

static Ptr<MethodFault> FromCode(const base::Error& e) {
    switch (e.code) {
        case base::Code::kNotFound: return FileNotFound(e.message);
        case base::Code::kExists: return FileAlreadyExists(e.message);
        case base::Code::kNoSpace: return NoDiskSpace(e.message, "");
        case base::Code::kInvalid: return InvalidArgument();
        case base::Code::kTimeout: return Timedout();
        case base::Code::kCancelled: return RequestCanceled();
        case base::Code::kBusy: return ResourceInUse("", "");
        default: return SystemError(e.message);
    }
}

Fault::Fault(base::Error e) : detail_(FromCode(e)), message_(std::move(e.message)) { Describe(); }

// "InvalidPowerState (requestedState poweredOn, existingState poweredOn)": what the type
// and its plain fields say, when nobody gave better words.
static std::string FromFields(const MethodFault& fault) {
    std::string inner;
    ForEachField(fault.type(), [&](const Field& f) {
        const void* slot = SlotOf(fault, f);
        if (f.arity == Arity::kMany || !f.ops->count(slot)) return;
        const void* at = f.ops->at(slot, 0);
        std::string text;
        switch (f.type->kind) {
            case Kind::kString: text = *static_cast<const std::string*>(at); break;
            case Kind::kEnum: text = f.type->names[*static_cast<const std::uint8_t*>(at)]; break;
            case Kind::kInt: text = base::Cat(*static_cast<const std::int32_t*>(at)); break;
            case Kind::kLong: text = base::Cat(*static_cast<const std::int64_t*>(at)); break;
            case Kind::kManaged: text = static_cast<const Ref*>(at)->Text(); break;
            default: return;
        }
        if (!text.empty()) inner += base::Cat(inner.empty() ? "" : ", ", f.name, ' ', text);
    });
    std::string out(fault.type().name);
    return inner.empty() ? out : out + " (" + inner + ")";
}

void Fault::Describe() {
    if (message_.empty()) message_ = FromFields(*detail_);
}

LocalizedMethodFault Fault::AsData() const {
    LocalizedMethodFault out;
    out.fault = detail_;
    out.localized_message = message_;
    return out;
}

}  // namespace vim
