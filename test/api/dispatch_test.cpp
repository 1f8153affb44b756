#include "api/dispatch.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "vim/gen/all.h"
#include "vim/gen/calls_service.h"

namespace api {
namespace {

// One method that is served and one that the schema calls unsupported.
TEST(Dispatch, CheckNamesWhatIsMissingAndWhatIsTooMuch) {
    const vim::Method* unsupported = nullptr;
    std::size_t to_serve = 0;
    for (const vim::Method* m : vim::AllMethods()) {
        if (m->unsupported) unsupported = m;
        else ++to_serve;
    }
    ASSERT_TRUE(unsupported);
    Dispatch dispatch;
    EXPECT_EQ(dispatch.Check().size(), to_serve);            // all are missing, the unsupported are not
    dispatch.On<vim::call::CurrentTime>(
        [](Call&, const vim::call::CurrentTime&) -> vim::Result<vim::Time> { return vim::Time(); });
    auto wrong = dispatch.Check();
    EXPECT_EQ(wrong.size(), to_serve - 1);
    EXPECT_EQ(std::count(wrong.begin(), wrong.end(),
                         "ServiceInstance.CurrentTime: has no handler and the schema does not say unsupported"),
              0);

    ASSERT_TRUE(vim::call::RetrieveProductComponents::kMethod.unsupported);
    dispatch.On<vim::call::RetrieveProductComponents>(
        [](Call&,
           const vim::call::RetrieveProductComponents&) -> vim::Result<vim::call::RetrieveProductComponents::Result> {
            return vim::Fault(vim::NotSupported());
        });
    wrong = dispatch.Check();
    EXPECT_EQ(wrong.size(), to_serve);
    EXPECT_EQ(std::count(wrong.begin(), wrong.end(),
                         "ServiceInstance.RetrieveProductComponents: has a handler but the schema says unsupported"),
              1);
}

}  // namespace
}  // namespace api
