#include "api/reader.h"

#include "api/session_state.h"

namespace api {

inventory::Node Reader::Find(const vim::Ref& ref) const {
    if (call_.state)
        if (auto own = call_.state->objects.Find(ref)) return own;
    return now_->Find(ref);
}

const vim::ManagedObject* Reader::Peek(const vim::Ref& ref) const {
    if (const auto* shared = now_->Peek(ref)) return shared;
    return call_.state ? call_.state->objects.Find(ref).get() : nullptr;
}

vim::Any Reader::Read(const inventory::Node& object, const vim::Path& path) const {
    vim::Any value;
    if (!computed_(call_, *object, path.front().name, value)) return vim::ReadPath(object, path);
    auto* inner = value.As<vim::Ptr<vim::DynamicData>>();
    if (path.size() == 1 || !inner) return value;
    return vim::ReadPath(*inner, vim::Path(path.begin() + 1, path.end()));
}

vim::Result<> Reader::MayRead(const vim::ManagedObject& object, const vim::Path& path) const {
    const vim::Field* f = vim::FindField(object.type(), path.front().name);
    if (!f) return {};
    return call_.Check(object.self, f->privilege);
}

}  // namespace api
