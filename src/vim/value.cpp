#include "vim/value.h"

namespace vim {

static constexpr Type Scalar(std::string_view name, Kind kind) {
    return Type{name, kind, Version::k2_0, nullptr, {}, {}, nullptr, {}};
}

constinit const Type kBoolType = Scalar("xsd:boolean", Kind::kBool);
constinit const Type kByteType = Scalar("xsd:byte", Kind::kByte);
constinit const Type kShortType = Scalar("xsd:short", Kind::kShort);
constinit const Type kIntType = Scalar("xsd:int", Kind::kInt);
constinit const Type kLongType = Scalar("xsd:long", Kind::kLong);
constinit const Type kFloatType = Scalar("xsd:float", Kind::kFloat);
constinit const Type kDoubleType = Scalar("xsd:double", Kind::kDouble);
constinit const Type kStringType = Scalar("xsd:string", Kind::kString);
constinit const Type kUriType = Scalar("xsd:anyURI", Kind::kUri);
constinit const Type kDateTimeType = Scalar("xsd:dateTime", Kind::kDateTime);
constinit const Type kBinaryType = Scalar("xsd:base64Binary", Kind::kBinary);
constinit const Type kAnyType = Scalar("xsd:anyType", Kind::kAny);
constinit const Type kVoidType = Scalar("void", Kind::kVoid);
constinit const Type kRefType = Scalar("ManagedObjectReference", Kind::kRef);

bool operator==(const AnyArray& a, const AnyArray& b) { return a.element == b.element && a.values == b.values; }

static bool Same(const FieldView& a, const FieldView& b) {
    if (a.field->type != b.field->type || a.element != b.element) return false;
    return a.element ? EqualElement(*a.field, a.at, b.at) : EqualSlot(*a.field, a.at, b.at);
}

bool operator==(const Any& a, const Any& b) {
    if (a.v_.index() != b.v_.index()) return false;
    return std::visit(
        [&](const auto& x) {
            using T = std::remove_cvref_t<decltype(x)>;
            const T& y = *std::get_if<T>(&b.v_);
            if constexpr (std::is_same_v<T, FieldView>) return Same(x, y);
            else return x == y;
        },
        a.v_);
}

}  // namespace vim
