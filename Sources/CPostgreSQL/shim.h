#ifndef TOLLGATE_CPOSTGRESQL_SHIM_H
#define TOLLGATE_CPOSTGRESQL_SHIM_H
#include <libpq-fe.h>

// Swift does not import macros of characters; these are the fields of an error that postgres_ext.h names so.
static inline int tollgate_PG_DIAG_SEVERITY(void) { return PG_DIAG_SEVERITY_NONLOCALIZED; }
static inline int tollgate_PG_DIAG_SQLSTATE(void) { return PG_DIAG_SQLSTATE; }
static inline int tollgate_PG_DIAG_MESSAGE(void) { return PG_DIAG_MESSAGE_PRIMARY; }
static inline int tollgate_PG_DIAG_DETAIL(void) { return PG_DIAG_MESSAGE_DETAIL; }
static inline int tollgate_PG_DIAG_HINT(void) { return PG_DIAG_MESSAGE_HINT; }
#endif
