// One HTTP exchange without a socket: what the client sent, and what it was answered.
#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "net/http.h"

namespace api {

class FakeExchange : public net::Exchange {
public:
    FakeExchange(std::string method, std::string path, std::string body = {}) : body_(std::move(body)) {
        head_.method = std::move(method);
        head_.path = head_.target = std::move(path);
        head_.peer = "192.0.2.7";
        head_.length = body_.size();
    }
    FakeExchange& With(std::string name, std::string value) {
        head_.headers.push_back({std::move(name), std::move(value)});
        return *this;
    }

    const net::RequestHead& head() const override { return head_; }
    rt::Co<base::Result<std::string>> ReadBody(std::size_t limit) override {
        if (body_.size() > limit) co_return base::Error(base::Code::kInvalid, "the body is too large");
        co_return std::move(body_);
    }
    rt::Co<base::Result<std::size_t>> ReadSome(std::span<char> buffer) override {
        std::size_t n = body_.copy(buffer.data(), buffer.size());
        body_.erase(0, n);
        co_return n;
    }
    rt::Co<base::Result<>> Send(net::Response answer) override {
        answers_ += 1;
        answer_ = std::move(answer);
        co_return base::Result<>{};
    }
    rt::Co<base::Result<>> Begin(net::Response head, std::optional<std::uint64_t>) override {
        return Send(std::move(head));
    }
    rt::Co<base::Result<>> Write(std::string_view piece) override {
        answer_.body += piece;
        co_return base::Result<>{};
    }
    rt::Co<base::Result<>> End() override { co_return base::Result<>{}; }
    bool gone() const override { return false; }
    void OnGone(std::function<void()>) override {}

    int answers() const { return answers_; }
    const net::Response& answer() const { return answer_; }
    std::string Header(std::string_view name) const {
        for (const net::Header& h : answer_.headers)
            if (h.name == name) return h.value;
        return {};
    }

private:
    net::RequestHead head_;
    std::string body_;
    net::Response answer_{0, {}, {}};
    int answers_ = 0;
};

}  // namespace api
