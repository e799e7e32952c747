/// A file of the dashboard as it is in the program. Immutable.
public struct DashboardFile: Sendable {
    /// What browsers are told that it is: `Content-Type`.
    public enum MediaType: String, Sendable {
        case style = "text/css; charset=utf-8"
        case picture = "image/svg+xml"
        case module = "text/javascript; charset=utf-8"
    }

    /// Also the last segment of its path.
    public let name: String
    public let type: MediaType
    public let bytes: [UInt8]

    init(_ name: String, _ type: MediaType, _ bytes: [UInt8]) {
        self.name = name
        self.type = type
        self.bytes = bytes
    }
}

extension DashboardFile {
    /// The page, in which the paths of the other files begin with `folderInPage`.
    public static let page = PackageResources.page_html

    /// What stands in the page for the folder of the other files.
    public static let folderInPage = "assets/current/"

    /// The files that the page asks for. Modules name one another by their names alone.
    public static let assets = [
        DashboardFile("alerts.js", .module, PackageResources.alerts_js),
        DashboardFile("api.js", .module, PackageResources.api_js),
        DashboardFile("app.js", .module, PackageResources.app_js),
        DashboardFile("audit.js", .module, PackageResources.audit_js),
        DashboardFile("budgets.js", .module, PackageResources.budgets_js),
        DashboardFile("cache.js", .module, PackageResources.cache_js),
        DashboardFile("charts.js", .module, PackageResources.charts_js),
        DashboardFile("dialogs.js", .module, PackageResources.dialogs_js),
        DashboardFile("dom.js", .module, PackageResources.dom_js),
        DashboardFile("icon.svg", .picture, PackageResources.icon_svg),
        DashboardFile("insights.js", .module, PackageResources.insights_js),
        DashboardFile("keys.js", .module, PackageResources.keys_js),
        DashboardFile("numbers.js", .module, PackageResources.numbers_js),
        DashboardFile("overview.js", .module, PackageResources.overview_js),
        DashboardFile("requests.js", .module, PackageResources.requests_js),
        DashboardFile("sections.js", .module, PackageResources.sections_js),
        DashboardFile("simulate.js", .module, PackageResources.simulate_js),
        DashboardFile("statements.js", .module, PackageResources.statements_js),
        DashboardFile("style.css", .style, PackageResources.style_css),
        DashboardFile("summaries.js", .module, PackageResources.summaries_js),
        DashboardFile("tables.js", .module, PackageResources.tables_js),
        DashboardFile("team.js", .module, PackageResources.team_js),
        DashboardFile("teamchanges.js", .module, PackageResources.teamchanges_js),
        DashboardFile("teamkeys.js", .module, PackageResources.teamkeys_js),
        DashboardFile("teams.js", .module, PackageResources.teams_js),
        DashboardFile("times.js", .module, PackageResources.times_js),
        DashboardFile("unconfirmed.js", .module, PackageResources.unconfirmed_js),
        DashboardFile("upstream.js", .module, PackageResources.upstream_js),
        DashboardFile("values.js", .module, PackageResources.values_js),
    ]
}
