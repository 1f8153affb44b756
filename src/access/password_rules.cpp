#include "access/password_rules.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace auth {
namespace {

bool Digit(char c) { return c >= '0' && c <= '9'; }
bool Lower(char c) { return c >= 'a' && c <= 'z'; }
bool Upper(char c) { return c >= 'A' && c <= 'Z'; }

// Characters, not bytes: continuation bytes of UTF-8 do not count.
int Length(std::string_view s) {
    return static_cast<int>(std::count_if(s.begin(), s.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

int Words(std::string_view s) {
    int words = 0;
    bool inside = false;
    for (char c : s) {
        bool letter = Digit(c) || Lower(c) || Upper(c) || (c & 0x80);
        if (letter && !inside) ++words;
        inside = letter;
    }
    return words;
}

bool LongEnough(int least, int length) { return least != PasswordRules::kDisabled && length >= least; }

bool StrongEnough(const PasswordRules& rules, std::string_view password) {
    static constexpr int kByClasses[] = {0, 0, 1, 3, 4};
    int length = Length(password);
    if (Words(password) >= rules.phrase_words && LongEnough(rules.min[2], length)) return true;
    for (int classes = CharacterClasses(password); classes > 0; --classes)
        if (LongEnough(rules.min[kByClasses[classes]], length)) return true;
    return false;
}

base::Result<int> ParseMin(std::string_view word) {
    if (word == "disabled") return PasswordRules::kDisabled;
    auto n = base::ToInt(word);
    if (!n || *n < 0 || *n > 256)
        return base::Error{base::Code::kInvalid, base::Cat("\"", word, "\" is neither a length nor \"disabled\"")};
    return static_cast<int>(*n);
}

base::Error Refuse(const PasswordRules& rules, std::string_view why) {
    return {base::Code::kInvalid, base::Cat("weak password: ", why, ". ", Describe(rules))};
}

}  // namespace

base::Result<PasswordRules> ParsePasswordRules(std::string_view text) {
    PasswordRules rules;
    for (std::string_view word : base::Split(text, ' ')) {
        auto equals = word.find('=');
        std::string_view name = word.substr(0, equals);
        std::string_view value = equals == word.npos ? std::string_view() : word.substr(equals + 1);
        if (word.empty() || name == "retry" || name == "similar" || name == "match") continue;
        if (name == "min") {
            auto parts = base::Split(value, ',');
            if (parts.size() != rules.min.size())
                return base::Error{base::Code::kInvalid, "min= needs five lengths, as in min=8,8,8,7,6"};
            for (std::size_t i = 0; i < parts.size(); ++i) {
                TRY(least, ParseMin(parts[i]));
                rules.min[i] = least;
            }
        } else if (auto n = base::ToInt(value); n && *n > 0 && *n <= 256 && (name == "passphrase" || name == "max")) {
            (name == "max" ? rules.max : rules.phrase_words) = static_cast<int>(*n);
        } else {
            return base::Error{base::Code::kInvalid, base::Cat("password rule: unknown word \"", word, "\"")};
        }
    }
    return rules;
}

std::string Describe(const PasswordRules& rules) {
    static constexpr const char* kFrom[] = {"one class", "two classes", "", "three classes", "four classes"};
    std::string out;
    for (std::size_t i : {0u, 1u, 3u, 4u}) {
        if (rules.min[i] == PasswordRules::kDisabled) continue;
        out += base::Cat(out.empty() ? "A password has at least " : ", ", rules.min[i], " characters from ", kFrom[i]);
    }
    if (rules.min[2] != PasswordRules::kDisabled)
        out += base::Cat(out.empty() ? "A password is" : ", or is", " a phrase of ", rules.phrase_words, " words and ",
                         rules.min[2], " characters");
    return out +
           ". Classes are lower case, upper case, digits and others; a capital first letter and a digit at "
           "the end do not count. It does not contain the user name.";
}

int CharacterClasses(std::string_view password) {
    int lower = 0, upper = 0, digit = 0, other = 0;
    for (char c : password) ++(Lower(c) ? lower : Upper(c) ? upper : Digit(c) ? digit : other);
    if (!password.empty() && Upper(password.front())) --upper;
    if (!password.empty() && Digit(password.back())) --digit;
    return (lower > 0) + (upper > 0) + (digit > 0) + (other > 0);
}

base::Result<> CheckPassword(const PasswordRules& rules, std::string_view user, std::string_view password) {
    if (password.find('\0') != password.npos) return Refuse(rules, "it contains a zero byte");
    if (password.size() > static_cast<std::size_t>(rules.max))
        return Refuse(rules, base::Cat("it is longer than ", rules.max, " characters"));
    if (user.size() >= 3 && base::Lower(password).find(base::Lower(user)) != std::string::npos)
        return Refuse(rules, "it contains the user name");
    if (std::set<char>(password.begin(), password.end()).size() < 4)
        return Refuse(rules, "it has fewer than four different characters");
    if (!StrongEnough(rules, password))
        return Refuse(
            rules, base::Cat("it has ", Length(password), " characters from ", CharacterClasses(password), " classes"));
    return {};
}

}  // namespace auth
