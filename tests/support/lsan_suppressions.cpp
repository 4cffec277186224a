// libpqxx 6.4 loses a PGresult when a connection ends with an error: it asks for the connection's encoding, which
// throws, before the result has an owner. One per lost connection; read by the leak sanitizer where it is linked in.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libpqxx-6.4.so\n"; }
