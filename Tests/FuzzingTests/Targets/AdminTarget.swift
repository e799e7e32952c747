import Budgeting
import Forms
import HTTPMessages
import JSON
import Oracles
import Registry
import Reporting
import Transport
import Vocabulary

@testable import Administration

/// A request's head with what follows it, taken as the admin side takes it, up to where a store would be asked.
struct AdminTarget {
    /// Every path of docs/api.md. Nothing changes it, and its handlers, which nobody calls, do nothing.
    nonisolated(unsafe) private static let router = AdminRouter(
        APIPart.all.flatMap(\.operations).filter { $0.side != .client }.map { operation in
            AdminRoute(operation.method, operation.path, role: operation.role) { _, _ in }
        }
    )
    private static let own = SocketAddress(ip: [127, 0, 0, 1], port: 9090)

    private let input: [UInt8]

    init(_ input: [UInt8]) { self.input = input }

    func run() throws(BrokenRule) {
        try checkForms(input)
        var parser = RequestParser(limits: HeadLimits())
        guard parser.parse(input.span) == .complete else { return }
        let head = parser.head
        let body = Array(input[head.byteCount...])
        let path = String(decoding: input[head.path.indices], as: UTF8.self)
        try checkAccess(head)
        guard head.pathIsPlain(input.span) else { return }
        let match = Self.router.find(path)
        try check(match, path, head.method)
        let range = head.query?.indices ?? 0..<0
        guard let query = QueryDecoder.members(input.span.extracting(range)) else { return }
        let request = AdminRequest(
            method: head.method,
            parameters: match?.parameters ?? [],
            query: query,
            body: body,
            address: "127.0.0.1",
            requestID: "fuzzing"
        )
        try checkQuery(request)
        try checkForms(body)
    }

    // MARK: Head

    private func checkAccess(_ head: RequestHead) throws(BrokenRule) {
        if let token = BearerCredentials.token(head, input.span) {
            try hold(input[token].allSatisfy { $0 > 0x20 && $0 < 0x7F } && !token.isEmpty, "a token is visible ASCII")
        }
        if let authority = head.authority {
            let host = String(decoding: input[authority.indices], as: UTF8.self)
            let accepted = AdminHosts().accepts(host, at: Self.own)
            if !accepted { try check(.misdirected(host, own: Self.own)) }
            let isOwn = ["localhost", "127.", "["].contains { host.lowercased().hasPrefix($0) }
            try hold(!accepted || isOwn, "no other site's name is accepted")
        }
        _ = AdminOrigin.isForeignChange(head, input.span)
    }

    private func check(_ match: AdminRouter.Match?, _ path: String, _ method: HTTPMethod) throws(BrokenRule) {
        guard let match else { return try check(AdminRouter.refusal(method)) }
        try hold(match.parameters.allSatisfy(Identifier.isSound), "a parameter of a path is an identifier")
        try hold(match.parameters.allSatisfy { path.contains($0) }, "it stands in the path")
        if let route = match.resource.route(method) {
            try hold(route.method == method || method == .head, "a request has the route of its method")
            try hold((route.role == nil) == !AdminRouter.isGuarded(path), "under /admin/v1 nothing is without a token")
        } else {
            try check(.methodNotAllowed(allow: match.resource.allow))
            try hold(
                !match.resource.allow.split(separator: ", ").contains { $0 == "\(method.name)" },
                "what is allowed is served"
            )
        }
    }

    /// A refusal of the admin side: its content is JSON, and it is the client's to mend.
    private func check(_ fault: AdminFault) throws(BrokenRule) {
        try hold((400..<500).contains(fault.status), "what a client sent wrongly is answered 4xx")
        try hold(!fault.message.isEmpty, "a refusal says what to do")
        let reply = AdminReply(fault)
        try hold(NaiveJSON.read(reply.content ?? []) != nil, "a refusal is JSON")
    }

    // MARK: Query

    /// A refusal is one of the admin side's.
    private func refused(_ take: () throws -> Void) throws(BrokenRule) {
        do {
            try take()
        } catch let rule as BrokenRule {
            throw rule
        } catch let fault as AdminFault {
            try check(fault)
        } catch {
            throw BrokenRule(description: "a refusal is one of the admin side's")
        }
    }

    private func checkQuery(_ request: AdminRequest) throws(BrokenRule) {
        let cursor = request.parameter("cursor")
        try refused {
            let page = try request.page(also: ["team", "status", "from", "to"])
            try hold((1...1_000).contains(page.limit) && page.cursor != "", "a page has its limits")
            _ = try page.number()
        }
        try refused {
            let lesson = try LessonCursor(cursor)
            let again = try LessonCursor(lesson == .start ? nil : lesson.text)
            try hold(again == lesson, "a cursor that is written is read again")
        }
        try refused { _ = try RequestCursor(cursor) }
        try refused { _ = try RequestFilter(request) }
        try refused { _ = try BudgetScopeList(plan: BudgetPlan()).scopes(after: cursor, atMost: 3) }
        try refused { try request.refuseQuery() }
        try refused { try checkPeriod(request.parameter("from"), request.parameter("to")) }
    }

    private func checkPeriod(_ from: String?, _ to: String?) throws {
        guard let calendar = BudgetCalendar(timeZone: "UTC") else { preconditionFailure("UTC is a time zone") }
        let period: ReportPeriod
        do throws(ReportPeriod.Fault) {
            period = try ReportPeriod(from: from, to: to, in: calendar, now: Timestamp(seconds: 1_800_000_000))
        } catch {
            throw AdminFault(error)
        }
        try hold(period.dayCount > 0, "a period has days")
    }

    // MARK: Forms

    /// Reads the content as each form, and what a form made again as itself.
    private func checkForms(_ body: [UInt8]) throws(BrokenRule) {
        let request = AdminRequest(method: .post, body: body, address: "127.0.0.1", requestID: "fuzzing")
        let id = TeamID(rawValue: "sales")
        var team = TeamRecord(id: id, name: "Sales", account: AccountID(rawValue: "default"))
        if try read(request, { TeamForm.read($0, into: &team, accounts: []) }, also: ["id", "source"]) {
            let written = team.json(.store).text
            let again = AdminRequest(method: .post, body: written, address: "127.0.0.1", requestID: "fuzzing")
            var other = TeamRecord(id: id, name: "Other", account: AccountID(rawValue: "other"))
            let isRead = try read(again, { TeamForm.read($0, into: &other, accounts: []) }, also: ["id", "source"])
            try hold(isRead && other == team, "a team that is written is read again as the same")
        }
        var terms = UpstreamKeyTerms()
        if try read(request, { terms.read($0) }, also: []) {
            try hold((1...1_000_000).contains(terms.weight), "a weight has its limits")
        }
        _ = try read(
            request,
            { form in
                var (name, moment) = ("", Timestamp?.none)
                Identifier.read(form, into: &name)
                form.name("name", into: &name)
                form.timestamp("not_after", into: &moment)
                _ = BudgetForm.read(form, "budgets")
                var (text, share) = ("", Int64(0))
                form.string("reason", into: &text)
                form.share("share", into: &share)
            },
            also: []
        )
    }

    /// Whether the form is taken.
    private func read(
        _ request: AdminRequest,
        _ take: (ObjectReader) -> Void,
        also names: [String]
    ) throws(BrokenRule) -> Bool {
        do throws(AdminFault) {
            let form = try request.form()
            take(form)
            for name in names { _ = form.take(name) }
            try request.finish(form)
            return true
        } catch {
            try check(error)
            return false
        }
    }
}
