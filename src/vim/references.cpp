#include "vim/references.h"

namespace vim {

static void InAny(Any& any, const std::function<void(Ref&)>& fn) {
    const Ref* held = any.As<Ref>();
    if (!held) return;
    Ref ref = *held;
    fn(ref);
    any = Any(std::move(ref));
}

static void InElement(Kind kind, void* at, const std::function<void(Ref&)>& fn) {
    switch (kind) {
        case Kind::kRef:
        case Kind::kManaged: fn(*static_cast<Ref*>(at)); return;
        case Kind::kAny: InAny(*static_cast<Any*>(at), fn); return;
        case Kind::kData:
            if (auto& object = *static_cast<Ptr<DynamicData>*>(at)) ForEachReference(object.Mut(), fn);
            return;
        default: return;
    }
}

static bool MayHold(Kind kind) {
    return kind == Kind::kRef || kind == Kind::kManaged || kind == Kind::kAny || kind == Kind::kData;
}

void ForEachReference(DynamicData& object, const std::function<void(Ref&)>& fn) {
    ForEachField(object.type(), [&](const Field& f) {
        if (!MayHold(f.type->kind)) return;
        void* slot = SlotOf(object, f);
        for (std::size_t i = 0, count = f.ops->count(slot); i < count; ++i)
            InElement(f.type->kind, const_cast<void*>(f.ops->at(slot, i)), fn);
    });
}

}  // namespace vim
