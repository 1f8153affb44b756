#include "task/record.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/text.h"
#include "vim/pack.h"

namespace task {

namespace json = boost::json;

std::string BeginRecord(const OpenTask& open) {
    json::object o{{"begin", open.number},          {"key", open.what.task_key},     {"id", open.what.task_id},
                   {"method", open.method},         {"type", open.what.entity_type}, {"entity", open.what.entity_id},
                   {"user", open.what.user},        {"chain", open.what.chain_id},   {"queued", open.queued},
                   {"cancelable", open.cancelable}, {"exclusive", open.exclusive},   {"state", open.what.begun}};
    if (!open.what.step.empty()) {
        o["step"] = open.what.step;
        o["stepState"] = open.what.step_state;
    }
    return json::serialize(o);
}

std::string StepRecord(const OpenTask& open) {
    return json::serialize(
        json::object{{"step", open.number}, {"name", open.what.step}, {"state", open.what.step_state}});
}

// The outcome goes along: a power cut may lose the history's newest rows, never this.
std::string EndRecord(int number, const std::string& lineage, const vim::TaskInfo& info) {
    return json::serialize(
        json::object{{"end", number}, {"lineage", lineage}, {"info", base::Base64(vim::Pack(info))}});
}

static std::string Text(const json::object& o, std::string_view key) {
    auto* v = o.if_contains(key);
    return v && v->is_string() ? std::string(v->get_string()) : std::string();
}
static std::int64_t Whole(const json::object& o, std::string_view key) {
    auto* v = o.if_contains(key);
    return v && v->is_int64() ? v->get_int64() : 0;
}
static bool Yes(const json::object& o, std::string_view key) {
    auto* v = o.if_contains(key);
    return v && v->is_bool() && v->get_bool();
}

static OpenTask OpenIn(const json::object& o) {
    OpenTask out;
    out.number = int(Whole(o, "begin"));
    out.method = Text(o, "method");
    out.queued = Whole(o, "queued");
    out.cancelable = Yes(o, "cancelable");
    out.exclusive = Yes(o, "exclusive");
    out.what.task_key = Text(o, "key");
    out.what.task_id = Text(o, "id");
    out.what.entity_type = Text(o, "type");
    out.what.entity_id = Text(o, "entity");
    out.what.user = Text(o, "user");
    out.what.begun = Text(o, "state");
    out.what.step = Text(o, "step");
    out.what.step_state = Text(o, "stepState");
    out.what.chain_id = int(Whole(o, "chain"));
    return out;
}

static bool TakeEnd(Replayed& out, const json::object& o) {
    auto bytes = base::Unbase64(Text(o, "info"));
    auto info = bytes ? vim::Unpack(*bytes).Cast<vim::TaskInfo>() : vim::Ptr<vim::TaskInfo>();
    out.open.erase(int(Whole(o, "end")));
    if (info) out.ended.push_back({int(Whole(o, "end")), Text(o, "lineage"), info});
    return bool(info);
}

static bool Take(Replayed& out, const std::string& record) {
    json::error_code bad;
    json::parse_options lenient;
    lenient.allow_invalid_utf8 = true;               // a state may name a file as a disk has it
    json::value parsed = json::parse(record, bad, {}, lenient);
    auto* o = bad ? nullptr : parsed.if_object();
    if (!o) return false;
    for (auto* kind : {"begin", "step", "end"}) out.highest = std::max(out.highest, int(Whole(*o, kind)));
    if (o->contains("begin")) {
        OpenTask open = OpenIn(*o);
        if (open.what.task_key.empty()) return false;
        out.open[open.number] = std::move(open);
        return true;
    }
    if (o->contains("end")) return TakeEnd(out, *o);
    if (!o->contains("step")) return false;
    if (auto at = out.open.find(int(Whole(*o, "step"))); at != out.open.end()) {
        at->second.what.step = Text(*o, "name");
        at->second.what.step_state = Text(*o, "state");
    }
    return true;
}

Replayed Replay(const std::vector<std::string>& records) {
    Replayed out;
    for (const auto& record : records) out.unreadable += !Take(out, record);
    return out;
}

}  // namespace task
