# Compile options for code that runs once a call or once a file: the smallest that the compiler can make it. `loops`:
# the same for code whose loops over elements must be fast as well.
include(CheckCCompilerFlag)

function(mote_small_flags out loops)
  check_c_compiler_flag(-Oz MOTE_CC_OZ)
  if(MOTE_CC_OZ)
    set(flags -Oz)
  else()
    set(flags -Os)
  endif()
  set(lean ${flags})
  if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    # Passes that make code longer even so: a last call that becomes a jump needs the epilogue once more, the others
    # copy code to save a branch, or bytes to save a register's way through memory. Without them gcc 12's code is 1.5
    # percent smaller.
    list(APPEND flags -fno-optimize-sibling-calls -fno-tree-dominator-opts -fno-thread-jumps -fno-caller-saves)
    # What is computed before a loop lives through it, mostly on the stack: half a percent more.
    set(lean ${flags} -fno-move-loop-invariants -fno-tree-loop-im)
    # Tables of rows stand at the multiples of 8 that their pointers need; x86's default is 32 for all that are larger
    # than that, which is for vectors that nobody loads from here. 6 KB.
    check_c_compiler_flag(-malign-data=abi MOTE_CC_ALIGN_DATA)
    if(MOTE_CC_ALIGN_DATA)
      list(APPEND flags -malign-data=abi)
      list(APPEND lean -malign-data=abi)
    endif()
  endif()
  set(${out} ${lean} PARENT_SCOPE)
  set(${loops} ${flags} PARENT_SCOPE)
endfunction()
