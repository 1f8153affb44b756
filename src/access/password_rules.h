// Which passwords are good enough: the rule of passwdqc, min=8,8,8,7,6 by default.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/result.h"

namespace auth {

struct PasswordRules {
    static constexpr int kDisabled = -1;
    // Least length with one class, with two, of a pass phrase, with three, with four.
    std::array<int, 5> min{8, 8, 8, 7, 6};
    int phrase_words = 3;
    int max = 256;              // bytes; what one hash may cost us
};

// Security.PasswordQualityControl: "retry=3 min=disabled,disabled,disabled,7,7 passphrase=3".
base::Result<PasswordRules> ParsePasswordRules(std::string_view text);

// What the rules ask for, as a sentence.
std::string Describe(const PasswordRules& rules);

// How many of lower, upper, digit and other a password has. A capital at the start and a
// digit at the end do not count: that is how people decorate a word.
int CharacterClasses(std::string_view password);

// kInvalid, with what is wrong and the whole rule in words.
base::Result<> CheckPassword(const PasswordRules& rules, std::string_view user, std::string_view password);

}  // namespace auth
