import Foundation

/// What the stores of tested programs are: files, or, with `TOLLGATE_TEST_STORE=postgresql`, databases of a server that
/// the tests share.
public enum StoreUnderTest {
    public static let isPostgreSQL = ProcessInfo.processInfo.environment["TOLLGATE_TEST_STORE"] == "postgresql"

    /// `store.url` for a program with this folder, the same each time. A server that cannot be started ends the tests.
    static func url(in folder: TemporaryFolder) -> String {
        guard isPostgreSQL else { return "sqlite:" + folder.file("tollgate.db") }
        let note = folder.file("store-url")
        if let noted = try? String(contentsOfFile: note, encoding: .utf8) { return noted }
        do {
            let server = try PostgreSQLServer.shared
            let name = try server.makeDatabase().split(separator: "/").last.map(String.init)!
            let url = server.socketURL(database: name)
            try folder.write(url, to: "store-url")
            return url
        } catch {
            fatalError("no database for the test: \(error)")
        }
    }
}
