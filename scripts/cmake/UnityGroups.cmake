# Under CMAKE_UNITY_BUILD a target's sources are compiled some at a time, as one translation unit: most of the time of a
# build is the standard library's headers, which are then read once for all of them. Groups never cross a folder, so that
# a new file changes the groups of its own folder and not of all those after it (and ccache still knows the others).
function(forebay_unity_groups target files_max)
  get_target_property(sources ${target} SOURCES)
  list(SORT sources)
  set(folder "")
  foreach(source IN LISTS sources)
    get_filename_component(source_folder ${source} DIRECTORY)
    if(NOT source_folder STREQUAL folder)
      set(folder ${source_folder})
      set(in_folder 0)
      # By its way below src/ or tests/, as two folders may have one name.
      file(RELATIVE_PATH name ${CMAKE_SOURCE_DIR} ${folder})
      string(MAKE_C_IDENTIFIER "${name}" name)
    endif()
    math(EXPR group "${in_folder} / ${files_max}")
    set_property(SOURCE ${source} PROPERTY UNITY_GROUP ${name}_${group})
    math(EXPR in_folder "${in_folder} + 1")
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD_MODE GROUP)
endfunction()
