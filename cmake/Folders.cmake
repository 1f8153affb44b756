add_custom_target(self_contained)

# One static library per folder of src/. DEPS are the folders that it may use: `./dev check`
# compares them with the #include lines. LINK are libraries from outside.
#
#   bedplate_folder(task DEPS base rt vim inventory store)
function(bedplate_folder name)
    cmake_parse_arguments(ARG "" "" "DEPS;LINK" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
    list(FILTER sources EXCLUDE REGEX "/pch\\.cpp$")
    add_library(bp_${name} STATIC ${sources})
    target_include_directories(bp_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_precompile_headers(bp_${name} REUSE_FROM bp_pch)
    foreach(dep ${ARG_DEPS})
        target_link_libraries(bp_${name} PUBLIC bp_${dep})
    endforeach()
    target_link_libraries(bp_${name} PUBLIC ${ARG_LINK} Threads::Threads)
    bedplate_self_contained(${name})
endfunction()

# Each header of the folder compiled alone, without the precompiled header, on request:
# the target self_contained, which `./dev check` builds.
function(bedplate_self_contained name)
    file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/src ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
    list(FILTER headers EXCLUDE REGEX "/pch\\.h$")
    set(units)
    foreach(header ${headers})
        set(unit ${CMAKE_BINARY_DIR}/self_contained/${header}.cpp)
        file(CONFIGURE OUTPUT ${unit} CONTENT "#include \"${header}\"\n")
        list(APPEND units ${unit})
    endforeach()
    if(units)
        add_library(headers_${name} OBJECT EXCLUDE_FROM_ALL ${units})
        target_compile_options(headers_${name} PRIVATE -O0 -g0 -fno-sanitize=all)
        target_link_libraries(headers_${name} PRIVATE bp_${name})
        add_dependencies(self_contained headers_${name})
    endif()
endfunction()

# All *_test.cpp of this folder in one program, run by ctest under its own name.
#
#   bedplate_test(task DEPS task)
function(bedplate_test name)
    cmake_parse_arguments(ARG "" "" "DEPS;LINK" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
    add_executable(test_${name} ${sources})
    target_include_directories(test_${name} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
    target_precompile_headers(test_${name} REUSE_FROM bp_pch)
    # Tests run in the source folder; a path in their objects would hide them from ccache in
    # another clone.
    target_compile_definitions(test_${name} PRIVATE BEDPLATE_SOURCE_DIR=".")
    foreach(dep ${ARG_DEPS})
        target_link_libraries(test_${name} PRIVATE bp_${dep})
    endforeach()
    target_link_libraries(test_${name} PRIVATE GTest::gtest_main ${ARG_LINK})
    add_test(NAME ${name} COMMAND test_${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT 600 WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
endfunction()

# fuzz/NAME_fuzz.cpp: with BEDPLATE_FUZZ a libFuzzer program, always a program that
# replays fuzz/corpus/NAME in the tests.
#
#   bedplate_fuzz(vmx DEPS codec)
function(bedplate_fuzz name)
    cmake_parse_arguments(ARG "" "" "DEPS;LINK" ${ARGN})
    add_executable(replay_${name} ${name}_fuzz.cpp replay_main.cpp)
    target_include_directories(replay_${name} PRIVATE ${CMAKE_SOURCE_DIR}/src)
    foreach(dep ${ARG_DEPS})
        target_link_libraries(replay_${name} PRIVATE bp_${dep})
    endforeach()
    target_link_libraries(replay_${name} PRIVATE ${ARG_LINK})
    add_test(NAME fuzz_${name} COMMAND replay_${name} ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
    if(BEDPLATE_FUZZ)
        add_executable(fuzz_${name} ${name}_fuzz.cpp)
        target_include_directories(fuzz_${name} PRIVATE ${CMAKE_SOURCE_DIR}/src)
        target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
        foreach(dep ${ARG_DEPS})
            target_link_libraries(fuzz_${name} PRIVATE bp_${dep})
        endforeach()
    endif()
endfunction()

# A sub-folder that may not be there yet (a checkout in the middle of a move).
function(bedplate_add name)
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/CMakeLists.txt)
        add_subdirectory(${name})
    endif()
endfunction()
