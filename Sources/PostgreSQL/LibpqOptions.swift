internal import CPostgreSQL

/// The options of a connection as libpq reads them.
enum LibpqOptions {
    /// What a URL says, by libpq's names; percent-encoding is undone.
    static func parse(_ url: String) throws(PostgreSQLAddress.Fault) -> [String: String] {
        // To C it would end there.
        guard !url.utf8.contains(0) else { throw PostgreSQLAddress.Fault("contains the character NUL") }
        var message: UnsafeMutablePointer<CChar>?
        let list = unsafe PQconninfoParse(url, &message)
        defer {
            unsafe PQconninfoFree(list)
            unsafe PQfreemem(message)
        }
        guard let list = unsafe list else {
            let text = unsafe message.map { unsafe String(cString: $0) } ?? "there is no memory for it"
            throw PostgreSQLAddress.Fault("is no URL of PostgreSQL: \(withoutQuotations(text))")
        }
        var options: [String: String] = [:]
        var entry = unsafe list
        while let keyword = unsafe entry.pointee.keyword {
            if let value = unsafe entry.pointee.val, unsafe value.pointee != 0 {
                unsafe options[String(cString: keyword)] = unsafe String(cString: value)
            }
            unsafe entry += 1
        }
        return options
    }

    /// libpq quotes what it does not understand, which may be a part of the password: one that contains `@` or `?`
    /// divides the URL elsewhere than was meant.
    static func withoutQuotations(_ message: String) -> String {
        var text = PostgreSQLText.line(message)
        if let first = text.firstIndex(of: "\""), let last = text.lastIndex(of: "\""), first < last {
            text.replaceSubrange(first...last, with: "…")
        }
        return text
    }
}
