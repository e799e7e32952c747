import Cryptography
import EventLoops
import Forms
import Gateway
import JSON
import Registry
import UpstreamKeys
import Vocabulary

/// `/admin/v1/upstream-keys`: `docs/api.md` §6. Confined to the keeper's loop.
struct UpstreamKeysResource {
    let keeper: RegistryKeeper
    let rooms: SharedRooms
    /// Whether a digest belongs to an admin's token.
    let isToken: (Digest) -> Bool

    private static let list = "/admin/v1/upstream-keys"
    private static let one = "/admin/v1/upstream-keys/{key}"
    /// The same limit as for secrets in the configuration file.
    private static let secretBytesMax = 8_192

    var routes: [AdminRoute] {
        [
            AdminRoute(.get, Self.list, role: .viewer, handler: list),
            AdminRoute(.post, Self.list, role: .admin, handler: add),
            AdminRoute(.get, Self.one, role: .viewer, handler: show),
            AdminRoute(.patch, Self.one, role: .operator, handler: update),
            AdminRoute(.delete, Self.one, role: .admin, handler: delete),
            AdminRoute(.post, "\(Self.one)/rotate", role: .admin, handler: rotate),
        ]
    }

    // MARK: Reading

    private func list(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        answer(reply) { () throws(AdminFault) in
            let sorted = keeper.registry.upstreamKeyIDs.sorted { $0.rawValue < $1.rawValue }
            let page = try request.page()
            let conditions = UpstreamConditions(rooms.upstreamStatus)
            return .page(page.start(of: sorted), limit: page.limit, cursor: \.rawValue) { json($0, conditions) }
        }
    }

    private func show(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        answer(reply) { () throws(AdminFault) in
            try request.refuseQuery()
            return .ok(try json(UpstreamKeyID(rawValue: request.parameters[0])))
        }
    }

    private func json(_ id: UpstreamKeyID) throws(AdminFault) -> JSONValue {
        guard let json = json(id, UpstreamConditions(rooms.upstreamStatus)) else {
            throw .notFound("upstream key \(id)")
        }
        return json
    }

    private func json(_ id: UpstreamKeyID, _ conditions: UpstreamConditions) -> JSONValue? {
        keeper.registry.upstreamKey(id).map { entry, source in
            conditions.json(entry, source, monthlyRemaining: rooms.remaining(of: .upstreamKey(id)))
        }
    }

    // MARK: Changing

    private func add(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        change(request, reply) { (registry) throws(AdminFault) in
            let form = try request.form()
            var (id, account) = ("", "default")
            Identifier.read(form, into: &id)
            form.name("account", into: &account)
            var terms = UpstreamKeyTerms()
            terms.read(form)
            let secret = readSecret(form)
            try request.finish(form)
            return try AdminFault.deciding { () throws(RegistryRefusal) in
                try registry.adding(
                    UpstreamKeyID(rawValue: id),
                    account: AccountID(rawValue: account),
                    terms: terms,
                    secret: secret,
                    at: SystemClock.wall()
                )
            }
        } answer: { (id) throws(AdminFault) in
            .created(try json(id), location: "\(Self.list)/\(id)")
        }
    }

    private func update(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        let id = UpstreamKeyID(rawValue: request.parameters[0])
        change(request, reply) { (registry) throws(AdminFault) in
            guard let entry = registry.upstreamKey(id)?.entry else { throw .notFound("upstream key \(id)") }
            let form = try request.form()
            var state: UpstreamKey.OperatorState?
            if form.isSet("state") { state = readState(form) } else { _ = form.take("state") }
            let hasTerms = ["weight", "not_before", "not_after", "monthly_credits"].contains { form.isSet($0) }
            if hasTerms, request.changer.role < .admin { throw .forbidden(needs: .admin) }
            let key = entry.key
            var terms = UpstreamKeyTerms(
                weight: key.weight,
                notBefore: key.notBefore,
                notAfter: key.notAfter,
                monthlyCredits: entry.monthlyCredits
            )
            terms.read(form)
            try request.finish(form)
            return try AdminFault.deciding { () throws(RegistryRefusal) in
                try registry.changing(id, terms: hasTerms ? terms : nil, state: state, at: SystemClock.wall())
            }
        } showing: { () throws(AdminFault) in
            try json(id)
        } answer: { (id) throws(AdminFault) in
            .ok(try json(id))
        }
    }

    private func readState(_ form: ObjectReader) -> UpstreamKey.OperatorState? {
        guard let text = form.string("state") else { return nil }
        let state = UpstreamKey.OperatorState(rawValue: text)
        if state == nil {
            form.fault(
                "state",
                #"must be "active", "draining" or "disabled"; the other states the gateway finds itself"#
            )
        }
        return state
    }

    private func rotate(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        let id = UpstreamKeyID(rawValue: request.parameters[0])
        change(request, reply) { (registry) throws(AdminFault) in
            let form = try request.form()
            let secret = readSecret(form)
            try request.finish(form)
            return try AdminFault.deciding { () throws(RegistryRefusal) in
                try registry.rotating(upstream: id, secret: secret)
            }
        } answer: { (id) throws(AdminFault) in
            .ok(try json(id))
        }
    }

    private func delete(_ request: AdminRequest, _ reply: @escaping (AdminReply) -> Void) {
        let id = UpstreamKeyID(rawValue: request.parameters[0])
        change(request, reply) { (registry) throws(AdminFault) in
            try AdminFault.deciding { () throws(RegistryRefusal) in try registry.deleting(upstream: id) }
        } answer: { _ in
            .noContent
        }
    }

    /// A secret that the vendor could accept as `x-api-key`: it is sent in a field line, so it must be visible ASCII.
    private func readSecret(_ form: ObjectReader) -> [UInt8] {
        guard form.isSet("secret") else {
            _ = form.take("secret")
            form.fault("secret", "is missing; give the vendor's key")
            return []
        }
        let secret = Array((form.string("secret") ?? "").utf8)
        if secret.isEmpty || secret.count > Self.secretBytesMax || !secret.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
            form.fault("secret", "must be 1 to \(Self.secretBytesMax) visible ASCII characters")
        }
        if isToken(SHA256Hasher().digest(secret)) {
            form.fault("secret", "is the token of an admin; give the vendor's key")
        }
        return secret
    }

    /// - Parameter answer: called with the identifier of the changed key.
    private func change(
        _ request: AdminRequest,
        _ reply: @escaping (AdminReply) -> Void,
        _ decide: @escaping (Registry) throws(AdminFault) -> RegistryChange,
        showing showBefore: (() throws(AdminFault) -> JSONValue)? = nil,
        answer makeReply: @escaping (UpstreamKeyID) throws(AdminFault) -> AdminReply
    ) {
        keeper.change(request, reply, decide, showing: showBefore) { change in
            guard let change else { preconditionFailure("a change of an upstream key that changes nothing") }
            let id = UpstreamKeyID(rawValue: String(change.target.dropFirst("upstream_key/".count)))
            do throws(AdminFault) { return try makeReply(id) } catch { return AdminReply(error) }
        }
    }
}
