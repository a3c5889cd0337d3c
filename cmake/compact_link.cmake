# Link options that make a shared library smaller. Tables of rows hold pointers, and a pointer costs a relocation of 24
# bytes in the classic form but a bit or two in the packed one (RELR). The packed form is used where the linker and
# the C library that it links against know it: glibc from 2.36 on; other C libraries only when asked.
include(CheckCSourceCompiles)

set(CMAKE_REQUIRED_LINK_OPTIONS -Wl,-z,pack-relative-relocs)
check_c_source_compiles("
#include <stdlib.h>
#if !defined(__GLIBC_PREREQ) || !__GLIBC_PREREQ(2, 36)
#error the loader may not know packed relocations
#endif
int main(void) { return 0; }" MOTE_PACKED_RELOCATIONS_WORK)
# Code and constants share pages of the file instead of being padded apart; both are read-only either way.
set(CMAKE_REQUIRED_LINK_OPTIONS -Wl,-z,noseparate-code)
check_c_source_compiles("int main(void) { return 0; }" MOTE_NOSEPARATE_CODE_WORKS)
# Calls of exported functions from within the library go to them directly, not through a table that a program could
# turn elsewhere: 48 bytes less for each such function.
set(CMAKE_REQUIRED_LINK_OPTIONS -Wl,-Bsymbolic-functions)
check_c_source_compiles("int main(void) { return 0; }" MOTE_BSYMBOLIC_FUNCTIONS_WORKS)
unset(CMAKE_REQUIRED_LINK_OPTIONS)
option(MOTE_PACKED_RELOCATIONS "packed relocations in libmote.so" ${MOTE_PACKED_RELOCATIONS_WORK})

function(mote_compact_link target)
  if(MOTE_PACKED_RELOCATIONS)
    target_link_options(${target} PRIVATE -Wl,-z,pack-relative-relocs)
  endif()
  if(MOTE_NOSEPARATE_CODE_WORKS)
    target_link_options(${target} PRIVATE -Wl,-z,noseparate-code)
  endif()
  if(MOTE_BSYMBOLIC_FUNCTIONS_WORKS)
    target_link_options(${target} PRIVATE -Wl,-Bsymbolic-functions)
  endif()
endfunction()
