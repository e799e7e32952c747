import ArgumentParser

/// The member `cache_scope` of a team on the command line.
enum CacheScopeArgument: String, ExpressibleByArgument, CaseIterable {
    case organization, team
}
