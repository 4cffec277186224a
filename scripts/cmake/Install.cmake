# What `cmake --install` puts where, and how other projects find it: find_package(forebay) and pkg-config forebay.
include(CMakePackageConfigHelpers)

# Until 1.0 each minor version may break its callers, and says so.
set_target_properties(forebay PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})

install(TARGETS forebay EXPORT forebayTargets)
install(DIRECTORY include/forebay DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/generated/include/forebay/version.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/forebay)
if(TARGET forebay_command)
  install(TARGETS forebay_command)
endif()
# In the source tree's folders, so that the links from page to page lead somewhere.
foreach(file README.md README.zh-CN.md CHANGELOG.md CONTRIBUTING.md SECURITY.md LICENSE .env.example sql/postgres/role.sql sql/opengauss/role.sql sql/opengauss/partitions.sql)
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${file})
    cmake_path(GET file PARENT_PATH folder)
    install(FILES ${file} DESTINATION ${CMAKE_INSTALL_DOCDIR}/${folder})
  endif()
endforeach()
install(DIRECTORY docs config DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(forebay_share)
  # Left out where only some targets were built.
  install(DIRECTORY ${forebay_share}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR} OPTIONAL)
  install(DIRECTORY ${forebay_share}/bash-completion ${forebay_share}/zsh ${forebay_share}/fish
    DESTINATION ${CMAKE_INSTALL_DATADIR} OPTIONAL)
endif()

# Who links a static forebay needs what it uses as well, with or without pkg-config --static.
get_target_property(forebay_library_type forebay TYPE)
if(forebay_library_type STREQUAL "STATIC_LIBRARY")
  set(forebay_pc_requires_field Requires)
else()
  set(forebay_pc_requires_field Requires.private)
endif()
file(RELATIVE_PATH forebay_pc_up ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(scripts/cmake/forebay.pc.in ${CMAKE_CURRENT_BINARY_DIR}/forebay.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/forebay.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

set(forebay_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/forebay)
configure_package_config_file(scripts/cmake/forebayConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/forebayConfig.cmake
  INSTALL_DESTINATION ${forebay_package_dir})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/forebayConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/forebayConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/forebayConfigVersion.cmake
  DESTINATION ${forebay_package_dir})
install(EXPORT forebayTargets NAMESPACE forebay:: DESTINATION ${forebay_package_dir})
