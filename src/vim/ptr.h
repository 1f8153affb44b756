// Ptr<T>: a shared data object with value semantics.
//
// Copying a Ptr shares the object; Mut() makes it ours first when somebody else
// holds it too. So a snapshot of the inventory and the next one share all that did
// not change. A null Ptr is an unset field.
#pragma once

#include <atomic>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace vim {

struct Type;

// The root of every data object and managed object.
struct DynamicData {
    DynamicData() = default;
    DynamicData(const DynamicData&) {}
    DynamicData(DynamicData&&) noexcept {}
    DynamicData& operator=(const DynamicData&) { return *this; }
    DynamicData& operator=(DynamicData&&) noexcept { return *this; }
    virtual ~DynamicData() = default;

    virtual const Type& type() const;
    virtual DynamicData* Clone() const;      // a new object with no holder yet

    static const Type kType;
    mutable std::atomic<std::uint32_t> holders_{0};
};

// Deep equality by the descriptor tables; both null is equal.
bool Equal(const DynamicData* a, const DynamicData* b);

template <class T> class Ptr {
public:
    using Element = T;

    Ptr() = default;
    Ptr(std::nullptr_t) {}
    Ptr(const Ptr& o) : p_(o.p_) { Hold(); }
    Ptr(Ptr&& o) noexcept : p_(std::exchange(o.p_, nullptr)) {}
    template <class D>
        requires(std::is_base_of_v<T, D> && !std::is_same_v<T, D>)
    Ptr(const Ptr<D>& o) : p_(const_cast<D*>(o.get())) {
        Hold();
    }
    template <class D>
        requires(std::is_base_of_v<T, std::remove_cvref_t<D>>)
    Ptr(D&& value) : p_(new std::remove_cvref_t<D>(std::forward<D>(value))) {
        Hold();
    }
    ~Ptr() { Drop(); }
    Ptr& operator=(Ptr o) noexcept {
        std::swap(p_, o.p_);
        return *this;
    }

    explicit operator bool() const { return p_; }
    const T& operator*() const { return *p_; }
    const T* operator->() const { return p_; }
    const T* get() const { return p_; }

    // Ours to change: made when unset, copied when shared.
    T& Mut() {
        if (!p_) {
            p_ = new T;
            Hold();
        } else if (p_->holders_.load(std::memory_order_acquire) > 1) *this = Adopt(static_cast<T*>(p_->Clone()));
        return *p_;
    }
    // The object as its subtype D; null when it is something else.
    template <class D> const D* As() const { return dynamic_cast<const D*>(p_); }
    template <class D> Ptr<D> Cast() const {
        return dynamic_cast<D*>(p_) ? Ptr<D>::Share(static_cast<D*>(p_)) : Ptr<D>();
    }

    // Takes a raw object that has no other owner, or one more share of a held one.
    static Ptr Adopt(T* fresh) {
        Ptr out;
        out.p_ = fresh;
        out.Hold();
        return out;
    }
    static Ptr Share(const T* held) { return Adopt(const_cast<T*>(held)); }

    friend bool operator==(const Ptr& a, const Ptr& b) { return a.p_ == b.p_ || Equal(a.p_, b.p_); }

private:
    void Hold() {
        if (p_) p_->holders_.fetch_add(1, std::memory_order_relaxed);
    }
    void Drop() {
        if (p_ && p_->holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete p_;
    }
    T* p_ = nullptr;
};

}  // namespace vim
