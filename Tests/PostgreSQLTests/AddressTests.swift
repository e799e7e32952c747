import Testing

@testable import PostgreSQL

@Suite("The address of a database")
struct AddressTests {
    @Test("an URL names servers, database and user, and the description only those")
    func url() throws {
        let address = try PostgreSQLAddress(
            url: "postgresql://gate:s3cret%40@db1:5433,db2,[fd00::1]:5434/tollgate?sslmode=verify-full"
        )
        #expect(address.hosts.map(\.port) == [5_433, 5_432, 5_434])
        #expect(address.hosts.map(\.name) == ["db1", "db2", "fd00::1"])
        #expect(address.options["password"] == "s3cret@")
        #expect(address.user == "gate" && address.database == "tollgate")
        #expect(address.description == "database tollgate at db1:5433, db2:5432, [fd00::1]:5434 as gate")
        for text in ["\(address)", String(reflecting: address), "\(Mirror(reflecting: address).children.map(\.value))"]
        {
            #expect(!text.contains("s3cret"))
        }
        var dumped = ""
        dump(address, to: &dumped)
        #expect(!dumped.contains("s3cret"))
    }

    @Test("what the URL does not say is set by default, what it says stays")
    func defaults() throws {
        let bare = try PostgreSQLAddress(url: "postgres://h/d")
        #expect(
            bare.options == [
                "dbname": "d", "application_name": "tollgate", "client_encoding": "UTF8", "gssencmode": "disable",
                "keepalives": "1", "keepalives_idle": "5", "keepalives_interval": "2", "keepalives_count": "3",
                "sslmode": "prefer", "target_session_attrs": "read-write", "tcp_user_timeout": "10000",
            ]
        )
        #expect(bare.hostTimeout == .seconds(5))
        let said = try PostgreSQLAddress(
            url: "postgres://h/d?application_name=x&connect_timeout=0&keepalives_idle=60&target_session_attrs=any"
        )
        #expect(said.options["application_name"] == "x")
        #expect(said.options["keepalives_idle"] == "60")
        #expect(said.options["target_session_attrs"] == "any")
        #expect(said.hostTimeout == nil)
    }

    @Test("a password from elsewhere is taken, but not beside that of the URL")
    func password() throws {
        #expect(try PostgreSQLAddress(url: "postgres://u@h/d", password: "p").options["password"] == "p")
        let fault = #expect(throws: PostgreSQLAddress.Fault.self) {
            try PostgreSQLAddress(url: "postgres://u:secret@h/d", password: "other-secret")
        }
        #expect(fault?.description == "has a password, and another one is given beside it")
        #expect(throws: PostgreSQLAddress.Fault.self) { try PostgreSQLAddress(url: "postgres://h/d", password: "a\0b") }
    }

    @Test(
        "what is wrong is named",
        arguments: [
            ("", "does not begin with postgresql://"),
            ("host=h password=secret", "does not begin with postgresql://"),
            ("mysql://u:secret@h/d", "does not begin with postgresql://"),
            (
                "postgresql://",
                "names no host; a socket is named by its folder: postgresql:///database?host=/run/postgresql"
            ),
            (
                "postgresql:///secret",
                "names no host; a socket is named by its folder: postgresql:///database?host=/run/postgresql"
            ),
            ("postgresql://u:secret@h:0/d", "has a port that is not a number from 1 to 65535"),
            ("postgresql://u:secret@h:65536/d", "has a port that is not a number from 1 to 65535"),
            ("postgresql://u:secret@h:x/d", "has a port that is not a number from 1 to 65535"),
            ("postgresql://u:secret@h,i/d?port=1,2,3", "does not name as many hosts, addresses and ports"),
            ("postgresql://u:secret@h,i/d?hostaddr=127.0.0.1", "does not name as many hosts, addresses and ports"),
            ("postgresql://u:secret@h/d?service=x", "has service, which is not supported"),
            ("postgresql://u:secret@h/d?replication=database", "has replication, which is not supported"),
            (
                "postgresql://u:secret@h/d?sslmode=on",
                "has an sslmode that is none of allow, disable, prefer, require, verify-ca, verify-full"
            ),
            ("postgresql://u:secret@h/d?connect_timeout=5s", "has a connect_timeout that is not a whole number"),
            (
                "postgresql://u:secret@h/d?tcp_user_timeout=99999999999",
                "has a tcp_user_timeout that is not a whole number"
            ),
            ("postgresql://u:secret@h/d?client_encoding=LATIN1", "has a client_encoding that is not UTF8"),
            (
                "postgresql://u:secret@h/d?target_session_attrs=standby",
                "has target_session_attrs that are none of any, read-write, primary: the store is written to"
            ),
            ("postgresql://u:secret@h/d%0Ax", "has a control character in dbname"),
            ("postgresql://u:secret@h/d\0", "contains the character NUL"),
            // libpq's own, without what it quotes.
            ("postgresql://u:secret@h/d?sslmod=require", "is no URL of PostgreSQL: invalid URI query parameter: …"),
            ("postgresql://u@h/d?secret", "is no URL of PostgreSQL: missing key/value separator …"),
            (
                "postgresql://u:12/secret@h/d",
                "has the character @ behind the host; in a password / is written %2F, and @ is written %40"
            ),
            ("postgresql://u:s@secret@h/d", "has a host with the character @, which is written %40 in a password"),
            ("postgresql://u:sec%ret@h/d", "is no URL of PostgreSQL: invalid percent-encoded token: …"),
            ("postgresql://[::1/secret", "is no URL of PostgreSQL: end of string reached when looking for matching …"),
            (
                "postgresql://h/" + String(repeating: "x", count: 8_192), "is longer than 8192 bytes"
            ),
            (
                "postgresql://" + Array(repeating: "h", count: 17).joined(separator: ",") + "/d",
                "names more than 16 hosts"
            ),
        ]
    )
    func faults(_ url: String, _ text: String) {
        let fault = #expect(throws: PostgreSQLAddress.Fault.self) { try PostgreSQLAddress(url: url) }
        #expect(fault?.description == text)
    }

    @Test("no fault holds a part of a password, wherever a character divides the URL")
    func secrets() {
        let parts = ["Qx7Zk", "Wv9Yj"]
        for character in (32..<127).map({ String(Unicode.Scalar($0)) }) + ["%zz", "%00", "\u{7F}", "é", "\"\""] {
            for suffix in ["h/d", "h:x/d", "h/d?sslmod=1", "h/d?sslmode=on"] {
                let url = "postgresql://u:\(parts.joined(separator: character))@\(suffix)"
                do throws(PostgreSQLAddress.Fault) {
                    let address = try PostgreSQLAddress(url: url)
                    for part in parts { #expect(!address.description.contains(part), "\(url): \(address)") }
                } catch {
                    for part in parts { #expect(!error.description.contains(part), "\(url): \(error)") }
                }
            }
        }
    }

    @Test(
        "it is known whether what is sent stays on the machine, and whether TLS is demanded",
        arguments: [
            ("127.0.0.1", true), ("127.8.9.10:5432", true), ("localhost", true), ("[::1]", true), ("db", false),
            ("127.example.com", false), ("127.0.0.1,localhost", true), ("127.0.0.1,db", false), ("10.0.0.1", false),
        ]
    )
    func places(_ hosts: String, _ isLocal: Bool) throws {
        #expect(try PostgreSQLAddress(url: "postgresql://\(hosts)/d").isLoopbackOrSocket == isLocal)
    }

    @Test("sockets, and addresses that spare a look-up, say where the data goes")
    func sockets() throws {
        #expect(try PostgreSQLAddress(url: "postgresql:///d?host=/run/postgresql").isLoopbackOrSocket)
        #expect(try PostgreSQLAddress(url: "postgresql:///d?host=@abstract").isLoopbackOrSocket)
        #expect(try !PostgreSQLAddress(url: "postgresql://localhost/d?hostaddr=10.1.1.1").isLoopbackOrSocket)
        #expect(try PostgreSQLAddress(url: "postgresql://db/d?hostaddr=127.0.0.1").isLoopbackOrSocket)
    }

    @Test(
        "each mode of TLS says whether it is demanded and the server verified",
        arguments: [
            ("", false, false), ("disable", false, false), ("allow", false, false), ("prefer", false, false),
            ("require", true, false), ("verify-ca", true, false), ("verify-full", true, true),
        ]
    )
    func security(_ mode: String, _ requiresTLS: Bool, _ verifiesServer: Bool) throws {
        let address = try PostgreSQLAddress(url: "postgresql://h/d" + (mode.isEmpty ? "" : "?sslmode=\(mode)"))
        #expect(address.requiresTLS == requiresTLS)
        #expect(address.verifiesServer == verifiesServer)
    }
}
