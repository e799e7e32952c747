import Budgeting
import Caching
import EventLoops
import Forms
import Gateway
import JSON
import Keying
import Observability
import Registry
import Reporting
import Vocabulary

/// `/admin/v1/cache`: what is stored, and its removal; `docs/api.md` §6. Confined to the keeper's loop.
struct CacheResource {
    let keeper: RegistryKeeper
    let rooms: SharedRooms
    let store: any PurgeStore<AuditEntry> & EntryStore & RecentUsageStore
    let back: LoopReturn

    private static let entries = "/admin/v1/cache/entries"

    var routes: [AdminRoute] {
        [
            AdminRoute(.get, "/admin/v1/cache/stats", role: .viewer, handler: showStatistics),
            AdminRoute(.get, Self.entries, role: .viewer, handler: list),
            AdminRoute(.delete, Self.entries, role: .operator, handler: purge),
        ]
    }

    // MARK: Statistics

    private func showStatistics(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        do throws(AdminFault) { try request.refuseQuery() } catch { return reply(AdminReply(error)) }
        let read = back.callback { (entries: Result<EntryStatistics, StoreFault>) in
            switch entries {
            case .success(let entries):
                let then = back.reply(through: reply) { (recent: RecentUsage) in
                    .ok(CacheStatistics(entries: entries, memory: rooms.cacheMemory, recent: recent).json)
                }
                // The hits and misses of this moment count too.
                rooms.flushUsage(then: then) { [store] in store.recentUsage(at: SystemClock.wall(), then: then) }
            case .failure(let fault): reply(AdminReply(.storeUnavailable(fault)))
            }
        }
        store.statistics(then: read)
    }

    // MARK: Entries

    private func list(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        do throws(AdminFault) {
            let page = try request.page(also: ["document_id"])
            guard let text = request.parameter("document_id") else {
                throw .unprocessable("document_id", "is missing; say which document's entries to list")
            }
            let document = try Self.document(text)
            let after = try page.number()
            let settings = keeper.cacheSettings
            let now = SystemClock.wall()
            store.entries(
                of: document,
                after: after ?? 0,
                // Fresh is what is younger than its lifetime.
                storedSince: now + (.microseconds(1) - settings.timeToLive),
                ofClassifiersSince: now + (.microseconds(1) - settings.classifierTimeToLive),
                // One more than the page holds, to learn whether the list continues.
                atMost: page.limit + 1,
                then: back.reply(through: reply) { (entries: [StoredEntry]) in
                    .page(entries, limit: page.limit, cursor: { String($0.number) }) { entry in
                        let isOfClassifier = entry.classifier != nil
                        return Self.json(entry, isOfClassifier ? settings.classifierTimeToLive : settings.timeToLive)
                    }
                }
            )
        } catch {
            reply(AdminReply(error))
        }
    }

    private static func json(_ entry: StoredEntry, _ lifetime: Duration) -> JSONValue {
        .object([
            ("key", .string(entry.key.description)), ("document_id", .string(entry.documentID)),
            ("account", .string(entry.account.rawValue)), ("team", .string(entry.team.rawValue)),
            ("model", .string(entry.model)), ("page_range", .orNull(entry.pageRange) { .string($0) }),
            ("classifier", .orNull(entry.classifier) { .string($0) }),
            ("classification", .string(entry.classification)), ("credits", .credits(entry.credits)),
            ("stored_at", .time(entry.storedAt)), ("expires_at", .time(entry.storedAt + lifetime)),
        ])
    }

    // MARK: Purges

    /// The store goes on with a purge whose client leaves.
    private func purge(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        do throws(AdminFault) {
            let target = try target(request)
            let actor = request.changer
            let audit = AuditEntry(
                at: SystemClock.wall(),
                actor: actor.name,
                role: actor.role.name,
                action: "cache.purge",
                target: "cache/\(target)",
                address: actor.address,
                before: nil,
                after: nil
            )
            let then = back.reply(through: reply) { (answer: PurgeAnswer) -> AdminReply in
                switch answer {
                case .purged(let count):
                    let metadata = ["actor": actor.name, "target": audit.target, "purged": String(count)]
                    ProcessLog.info("cache_purged", metadata)
                    return .ok(.object([("purged", .integer(count))]))
                case .full: return AdminReply(.tooManyPurges)
                }
            }
            rooms.purge(target, in: store, audit: audit, then: then)
        } catch {
            reply(AdminReply(error))
        }
    }

    private func target(_ request: AdminRequest) throws(AdminFault) -> PurgeTarget {
        let names = ["document_id", "team", "key", "all"]
        try request.checkQuery(Set(names))
        let given = names.filter { request.parameter($0) != nil }
        guard let name = given.first, let text = request.parameter(name) else {
            throw .unprocessable(
                "document_id",
                "is missing: say what to purge, with document_id, team, key or all=true"
            )
        }
        guard given.count == 1 else {
            throw .unprocessable(given[1], "cannot go with \(name); give one of \(names.joined(separator: ", "))")
        }
        switch name {
        case "document_id": return .document(try Self.document(text))
        case "team":
            guard Identifier.isSound(text) else { throw .unprocessable("team", "must be the identifier of a team") }
            return .team(TeamID(rawValue: text))
        case "key":
            guard let digest = Digest(hexadecimal: text) else {
                throw .unprocessable("key", "must be a cache key, 64 hexadecimal digits")
            }
            return .key(CacheKey(digest))
        default:
            guard text == "true" else { throw .unprocessable("all", "must be true, or absent") }
            return .all
        }
    }

    // MARK: Both

    private static func document(_ text: String) throws(AdminFault) -> String {
        guard let id = DocumentID.canonical(Array(text.utf8)) else {
            throw .unprocessable("document_id", "must be a UUID")
        }
        return String(decoding: id, as: UTF8.self)
    }
}
