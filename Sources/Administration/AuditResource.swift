import Forms
import JSON
import Registry
import Vocabulary

/// `/admin/v1/audit`: `docs/api.md` §6. Confined to the loop.
struct AuditResource {
    let store: any RegistryStore
    let back: LoopReturn

    var routes: [AdminRoute] {
        [AdminRoute(.get, "/admin/v1/audit", role: .viewer, handler: list)]
    }

    /// Newest first; the cursor is the number of the last entry of the previous page.
    private func list(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        do throws(AdminFault) {
            let page = try request.page()
            let before = try page.number()
            let then = back.callback { (result: Result<[AuditRecord], StoreFault>) in
                switch result {
                case .success(let records): reply(Self.page(records, limit: page.limit))
                case .failure(let fault): reply(AdminReply(.storeUnavailable(fault)))
                }
            }
            // One more than the page holds, to learn whether the list continues.
            store.audit(before: before, atMost: page.limit + 1, then: then)
        } catch {
            reply(AdminReply(error))
        }
    }

    private static func page(_ records: [AuditRecord], limit: Int) -> AdminReply {
        .page(records, limit: limit, cursor: { String($0.id) }, json: json)
    }

    private static func json(_ record: AuditRecord) -> JSONValue {
        let entry = record.entry
        return .object([
            ("id", .string(String(record.id))), ("at", .time(entry.at)), ("actor", .string(entry.actor)),
            ("role", .string(entry.role)), ("action", .string(entry.action)), ("target", .string(entry.target)),
            ("address", .string(entry.address)), ("before", .orNull(entry.before, tree)),
            ("after", .orNull(entry.after, tree)),
        ])
    }

    /// The JSON that was stored with the change.
    private static func tree(_ bytes: [UInt8]) -> JSONValue { (try? JSONValue.parse(bytes.span)) ?? .null }
}
