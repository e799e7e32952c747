import AdminClient
import JSON

extension AdminCaller {
    /// The items that teams have under one name: of one team, or of all.
    ///
    /// - Parameter limit: for each team; nil for all there are.
    func items(_ name: String, of team: IdentifierArgument?, limit: Int?) throws -> AdminListing {
        if let team { return try items(of: ["teams", team.text, name], limit: limit) }
        let teams = try items(of: ["teams"])
        var listing = AdminListing(isCut: teams.isCut)
        for case .string(let team)? in teams.items.map({ $0["id"] }) {
            do throws(AdminCallFault) {
                try append(["teams", team, name], limit: limit, to: &listing)
            } catch {
                // The team was deleted after the list of teams was read, and what it had with it.
                guard error.code == .notFound else { throw error }
            }
        }
        return listing
    }
}
