import EventLoops
import HTTPMessages
import JSON
import Observability
import Registry
import Reporting
import Vocabulary

/// `/admin/v1/backup`: a copy of the whole store, `docs/api.md` §6. Confined to the loop.
///
/// For role admin: the copy has every result, and what every team spent.
struct BackupResource {
    let store: any BackupStore & RegistryStore
    let loop: EventLoop
    let back: LoopReturn

    static let contentType = "application/vnd.sqlite3"

    var routes: [AdminRoute] { [AdminRoute(.get, "/admin/v1/backup", role: .admin, handler: download)] }

    private func download(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        do throws(AdminFault) { try request.refuseQuery() } catch { return reply(AdminReply(error)) }
        // What a copy will be is not known before it is made, and HEAD is not worth one (RFC 9110 §9.3.2).
        if request.method == .head {
            var head = AdminReply.ok([], contentType: Self.contentType)
            head.lengthIsUnknown = true
            return reply(head)
        }
        let made = back.callback { (result: Result<any StoreCopy, BackupFault>) in
            switch result {
            case .success(let copy): note(copy, request, reply)
            case .failure(let fault):
                ProcessLog.warning("backup_failed", ["fault": "\(fault)"])
                reply(AdminReply(AdminFault(fault)))
            }
        }
        store.copyAll(then: made)
    }

    /// Nothing is sent before the audit log says who has it.
    private func note(_ copy: any StoreCopy, _ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        let now = loop.wallClock
        let actor = request.changer
        let after = JSONValue.object([
            ("bytes", .integer(copy.byteCount)), ("sha256", .string(copy.digest.description)),
            ("schema", .integer(copy.schemaVersion)),
        ])
        let entry = AuditEntry(
            at: now,
            actor: actor.name,
            role: actor.role.name,
            action: "store.backup",
            target: "store",
            address: actor.address,
            before: nil,
            after: after.text
        )
        let download = AdminDownload(copy, fileName: "tollgate-\(now.compact).db", back: back)
        let noted = back.callback { (result: Result<Void, StoreFault>) in
            switch result {
            case .success:
                var answer = AdminReply.ok([], contentType: Self.contentType)
                answer.download = LoopBound(download, loop: loop)
                reply(answer)
            case .failure(let fault):
                download.close()
                reply(AdminReply(.storeUnavailable(fault)))
            }
        }
        store.apply([], audit: entry, decidedAt: nil, then: noted)
    }
}

extension AdminFault {
    init(_ fault: BackupFault) {
        switch fault {
        case .underWay: self = .conflict("A backup is under way, being made or read; ask again when it is done.")
        case .elsewhere(let advice): self = .conflict(advice)
        case .noRoom(let needed, let free):
            self.init(
                503,
                .storeUnavailable,
                "A backup is made as a file beside the store first: \(needed) bytes must be free there, and \(free) are; "
                    + "\(needed.saturatingSubtract(free)) are missing. Free some space and try again.",
                retryAfterSeconds: 60
            )
        case .logGrown(let bytes):
            self.init(
                503,
                .overloaded,
                "The write-ahead log grew by \(bytes) bytes while the backup was made, and was not let grow further. Try "
                    + "again when less is written, or on a faster disk.",
                retryAfterSeconds: 60
            )
        case .failed(let fault): self = .storeUnavailable(fault)
        }
    }
}
