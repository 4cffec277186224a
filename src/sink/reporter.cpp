#include "sink/reporter.hpp"

#include <algorithm>
#include <array>

namespace forebay {
namespace {

struct Function {
  std::string_view name;
  Reporter reporter;
};

// By PostgreSQL's sources from 13 to 18.
constexpr std::array kFunctions = {
    Function{"exec_stmt_raise", Reporter::raised},   // pl_exec.c
    Function{"exec_stmt_assert", Reporter::raised},  // pl_exec.c
    Function{"PLy_elog_impl", Reporter::raised},     // plpy_elog.c
    Function{"plperl_call_perl_func", Reporter::raised},
    Function{"plperl_call_perl_trigger_func", Reporter::raised},
    Function{"plperl_call_perl_event_trigger_func", Reporter::raised},
    Function{"throw_tcl_error", Reporter::raised},               // pltcl.c
    Function{"ExecWithCheckOptions", Reporter::policy},          // execMain.c
    Function{"GetNewTransactionId", Reporter::transaction_ids},  // varsup.c
    Function{"GetNewMultiXactId", Reporter::transaction_ids},    // multixact.c
    Function{"CheckCmdReplicaIdentity", Reporter::replica_identity},
    Function{"FileWrite", Reporter::temporary_files},  // fd.c: 53400 only
    Function{"FileWriteV", Reporter::temporary_files},
};

}  // namespace

Reporter reporter_of(std::string_view function) noexcept {
  const auto* known =
      std::find_if(kFunctions.begin(), kFunctions.end(), [&](const Function& f) { return f.name == function; });
  return known == kFunctions.end() ? Reporter::server : known->reporter;
}

FailureClass failure_class(Reporter reporter) noexcept {
  switch (reporter) {
    case Reporter::raised:
    case Reporter::policy:
      return FailureClass::row_refused;
    case Reporter::transaction_ids:
      return FailureClass::unfit_for_now;
    case Reporter::replica_identity:
      return FailureClass::schema;
    case Reporter::temporary_files:
      return FailureClass::retry_half;
    case Reporter::server:
      break;
  }
  return FailureClass::other;
}

std::string_view cure_of(Reporter reporter) noexcept {
  switch (reporter) {
    case Reporter::raised:
      return "what it says is in the server's log";
    case Reporter::transaction_ids:
      return "transaction IDs run out: VACUUM the server's databases as a superuser; what keeps VACUUM from helping "
             "are old prepared transactions (pg_prepared_xacts: COMMIT PREPARED or ROLLBACK PREPARED), old "
             "transactions (pg_stat_activity) and replication slots (pg_replication_slots)";
    case Reporter::replica_identity:
      return "it is published and has no replica identity: ALTER TABLE … REPLICA IDENTITY …; `forebay config check` "
             "has the statement";
    case Reporter::temporary_files:
      return "raise temp_file_limit or work_mem; it is sent again in halves";
    default:
      return "";
  }
}

}  // namespace forebay
