import Caching
import EventLoops
import Forms
import Gateway
import JSON
import Registry
import UpstreamKeys
import Vocabulary

/// `/admin/v1/status`: `docs/api.md` §6. Confined to the loop.
struct StatusResource {
    let program: AdminProgram
    let rooms: SharedRooms
    let check: StoreCheck
    let purges: any PurgeStore<AuditEntry>

    var routes: [AdminRoute] {
        [AdminRoute(.get, "/admin/v1/status", role: .viewer, handler: show)]
    }

    private func show(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        do throws(AdminFault) { try request.refuseQuery() } catch { return reply(AdminReply(error)) }
        check.ask { reply(.ok(json($0, for: request.actor))) }
    }

    /// - Parameter token: the one that was shown.
    private func json(_ store: Result<Void, StoreFault>, for token: AdminToken?) -> JSONValue {
        let uptime = (SystemClock.monotonic() - program.startedSteady).components.seconds
        return .object([
            ("version", .string(program.version)), ("started_at", .time(program.startedAt)),
            ("uptime", .string("\(uptime)s")), ("uptime_seconds", .integer(uptime)),
            ("token", .orNull(token) { .object([("name", .string($0.name)), ("role", .string($0.role.name))]) }),
            ("time_zone", .string(rooms.timeZone.name)),
            ("nodes", .array([ownNode(store)] + otherNodes)),
            ("limits_per_node", .array(Self.limitsPerNode.map { .string($0) })),
            ("memory", memory(rooms.memoryStatus)),
            ("upstream", .array(rooms.upstreamStatus.map(account))),
            ("purges", .array(purges.purgesUnderWay.map(purge))),
        ])
    }

    private func purge(_ purge: PurgeProgress) -> JSONValue {
        .object([
            ("id", .string(String(purge.id))), ("what", .string(purge.target.description)), ("at", .time(purge.at)),
            ("purged", .integer(purge.purged)), ("remaining", .orNull(purge.remaining) { .integer($0) }),
        ])
    }

    /// The memory that clients may use and are using, in bytes; clients that showed no key are also listed apart.
    private func memory(_ status: MemoryStatus) -> JSONValue {
        .object([
            ("limit_bytes", .integer(status.plan.limitBytes)),
            ("client_bytes_max", .integer(status.plan.clientBytesMax)),
            ("client_bytes", .integer(status.teamBytes + status.strangerBytes)),
            ("stranger_bytes_max", .integer(status.plan.strangerBytesMax)),
            ("stranger_bytes", .integer(status.strangerBytes)),
            ("cache_bytes_max", .integer(status.cacheBytesMax)),
        ])
    }

    /// The limits of a team that each node holds for itself.
    private static let limitsPerNode = ["requests_per_second", "max_concurrency"]

    /// This node.
    private func ownNode(_ store: Result<Void, StoreFault>) -> JSONValue {
        let (state, detail): (String, String?) =
            switch store {
            case .success: ("ready", nil)
            case .failure(let fault): (fault.code.rawValue, fault.detail)
            }
        let own = rooms.standing.nodes.first { $0.number == program.node }
        return .object([
            ("id", .string(String(program.node))), ("name", .orNull(own?.name) { .string($0) }),
            ("address", .string(program.clientURL)), ("version", .string(program.version)),
            ("state", .string(NodeRecord.State.live.rawValue)), ("is_first", .bool(rooms.standing.isFirst)),
            ("started_at", .time(program.startedAt)), ("lease_ms", .orNull(own) { .milliseconds($0.leaseLeft) }),
            ("same_configuration", .bool(true)), ("workers", .integer(program.workerCount)),
            ("store", .string(state)), ("store_detail", .orNull(detail) { .string($0) }),
        ])
    }

    /// The others that share the store, as this node saw them last. Their stores and workers are theirs to tell of.
    private var otherNodes: [JSONValue] {
        let nodes = rooms.standing.nodes
        let first = nodes.first { $0.state != .dead }?.number
        let own = nodes.first { $0.number == program.node }?.configurationDigest
        return nodes.filter { $0.number != program.node }.map { node in
            .object([
                ("id", .string(String(node.number))), ("name", .string(node.name)), ("address", .string(node.address)),
                ("version", .string(node.version)), ("state", .string(node.state.rawValue)),
                ("is_first", .bool(node.number == first)), ("started_at", .time(node.startedAt)),
                ("lease_ms", node.state == .dead ? .null : .milliseconds(node.leaseLeft)),
                ("same_configuration", .bool(own == nil || node.configurationDigest == own)), ("workers", .null),
                ("store", .null), ("store_detail", .null),
            ])
        }
    }

    private func account(_ account: UpstreamAccountStatus) -> JSONValue {
        .object([
            ("account", .string(account.account.rawValue)), ("circuit", .string(account.breaker.rawValue)),
            ("waiting", .integer(account.waiting)), ("keys", .array(account.keys.map(key))),
        ])
    }

    private func key(_ key: UpstreamKeyStatus) -> JSONValue {
        .object([
            ("id", .string(key.id.rawValue)), ("state", .string(key.state.rawValue)),
            ("in_time", .bool(key.isInTime)), ("under_way", .integer(key.underWay)),
            ("cooling_until", .orNull(key.coolingUntil) { .time($0) }),
            ("quarantine_reason", .orNull(key.quarantineReason) { .string($0.rawValue) }),
        ])
    }
}
