/// Classify bodies of the maximum length, each of a shape that is expensive to read: for tests of the reader's
/// verdicts, and for the benchmark that times it. Immutable.
public struct HostileBody: Sendable {
    public let name: String
    /// Whether it is a valid classify request; an invalid one must be refused as quickly.
    public let isAccepted: Bool
    public let bytes: [UInt8]

    /// Every shape, each close to but never above the given length.
    public static func all(length: Int = 1 << 20) -> [HostileBody] {
        let filler = BodyFiller(length: length)
        return containers(filler) + scalars(filler) + names(filler) + categories(filler) + refused(filler)
    }

    // MARK: Shapes

    private static func containers(_ filler: BodyFiller) -> [HostileBody] {
        let deep = String(repeating: "[", count: 62) + String(repeating: "]", count: 62)
        let deepObjects = String(repeating: #"{"a":"#, count: 62) + "0" + String(repeating: "}", count: 62)
        return [
            filler.others("empty arrays") { _ in "[]" },
            filler.others("empty objects") { _ in "{}" },
            filler.others("objects of one member") { _ in #"{"":0}"# },
            filler.others("arrays 62 deep") { _ in deep },
            filler.others("objects 62 deep") { _ in deepObjects },
            filler.others("objects of twelve members") { _ in object(of: 12) { "\($0)" } },
            filler.others("objects of thirteen members") { _ in object(of: 13) { "\($0)" } },
            filler.others("objects of twelve escaped names") { _ in object(of: 12) { #"\u006e\#($0)"# } },
            filler.others("objects of forty escaped names") { _ in object(of: 40) { #"\u006e\#($0)"# } },
        ]
    }

    private static func scalars(_ filler: BodyFiller) -> [HostileBody] {
        [
            filler.others("numbers of one digit") { _ in "0" },
            filler.others("numbers of all parts") { "-\($0).5e+7" },
            filler.others("words") { ["true", "false", "null"][$0 % 3] },
            filler.others("empty strings") { _ in #""""# },
            filler.others("strings of one escape") { _ in #""\n""# },
            filler.text("one number") { _ in "7" },
            filler.text("one string", quoted: true) { _ in "t" },
            filler.text("one string of quotation marks", quoted: true) { _ in #"\""# },
            filler.text("one string of control characters", quoted: true) { _ in #"\u0001"# },
            filler.text("one string of escapes of letters", quoted: true) { _ in #"\u0041"# },
            filler.text("one string of surrogate pairs", quoted: true) { _ in #"\ud83d\ude00"# },
            filler.text("one string of two-byte characters", quoted: true) { _ in "\u{E9}" },
            filler.text("one string of four-byte characters", quoted: true) { _ in "\u{1F600}" },
            filler.text("one string of letters and escapes by turns", quoted: true) { _ in #"a\/"# },
            filler.text("white space") { $0 == 0 ? "0" : " " },
        ]
    }

    private static func names(_ filler: BodyFiller) -> [HostileBody] {
        let long = String(repeating: "n", count: 80)
        let folding = ["page_rang", "Document-id", "query_modem", "\u{17F}chema", "classification_schemA_"]
        return [
            filler.members("short names") { #""m\#($0)":0"# },
            filler.members("short names, last first") { #""m\#(999_999 - $0)":0"# },
            filler.members("names that begin alike") { #""\#(long)\#($0)":0"# },
            filler.members("names written with escapes") { #""\u006d\#($0)":0"# },
            filler.members("names that end in an escape") { #""m\#($0)\n":0"# },
            filler.members("names that are nearly known") { #""\#(folding[$0 % 5])\#($0)":0"# },
            filler.members("names of other scripts") { "\"\u{212A}\u{17F}\u{1F600}\($0)\":0" },
            filler.members("few long names of escapes") { index in
                guard index < 12 else { return nil }
                let escapes = String(repeating: #"\u0061"#, count: (filler.length / 13 - 20) / 6)
                return "\"\(escapes)\(index)\":0"
            },
        ]
    }

    private static func categories(_ filler: BodyFiller) -> [HostileBody] {
        let long = String(repeating: "l", count: 200)
        let spaces = String(repeating: " ", count: max(filler.length / 2_000 - 10, 0))
        let parts = (0..<1_000).map { "\(999_999 - 2 * $0)" }.joined(separator: spaces + ",")
        return [
            filler.schema("many labels") { #"{"label":"\#($0)","description":""}"# },
            filler.schema("labels, last first") { #"{"label":"\#(999_999 - $0)","description":""}"# },
            filler.schema("labels written with escapes") { #"{"label":"\u006c\#($0)","description":""}"# },
            filler.schema("labels that begin alike") { #"{"label":"\#(long)\#($0)","description":""}"# },
            filler.schema("categories with other members") { #"{"x":0,"label":"\#($0)","description":"","y":1}"# },
            filler.schema("categories of many members") { index in
                let members = object(of: 40) { #"\u006e\#($0)"# }.dropFirst()
                return #"{"label":"\#(index)","description":"","# + members
            },
            filler.known("pages in a thousand parts", #""page_range":"\#(parts)""#),
            filler.known(
                "a model of escapes",
                #""query_model":"\#(String(repeating: #"\u0001"#, count: filler.length / 6 - 50))""#
            ),
        ]
    }

    private static func refused(_ filler: BodyFiller) -> [HostileBody] {
        let spaces = String(repeating: " ", count: filler.length / 2 - 200)
        let pages = String(repeating: "1,", count: filler.length / 2 - 200)
        return [
            filler.others("a fault behind many lines", isAccepted: false) { _ in "\n0" },
            filler.members("a name twice among many", isAccepted: false) { index in
                index == 0 ? #""m9":0"# : #""\u006d\#(index)":0"#
            },
            filler.schema("a label twice among many", isAccepted: false) { index in
                #"{"label":"\#(index == 0 ? 9 : index)","description":""}"#
            },
            filler.known("pages in too many parts", #""page_range":"\#(pages)1""#, isAccepted: false),
            filler.known("pages between spaces", #""page_range":"1\#(spaces)-\#(spaces)""#, isAccepted: false),
            HostileBody(
                name: "brackets only",
                isAccepted: false,
                bytes: Array(repeating: UInt8(ascii: "["), count: filler.length)
            ),
        ]
    }

    private static func object(of count: Int, _ name: (Int) -> String) -> String {
        "{" + (0..<count).map { "\"\(name($0))\":0" }.joined(separator: ",") + "}"
    }
}

/// Fills bodies with parts up to their length.
private struct BodyFiller {
    let length: Int

    private static let document = #""document_id":"0b13c9f2-5148-4ffb-bb7b-de03bb071ca8""#
    private static let schema =
        #""classification_schema":[{"label":"b","description":"B"},{"label":"a","description":"A"}]"#

    /// As many parts as there is room for, or until there are no more.
    private func filled(
        _ before: String,
        _ after: String,
        separator: String = ",",
        _ part: (Int) -> String?
    ) -> [UInt8] {
        var bytes = Array(before.utf8)
        let room = length - after.utf8.count
        var index = 0
        while let next = part(index), bytes.count + separator.utf8.count + next.utf8.count <= room {
            if index > 0 { bytes += separator.utf8 }
            bytes += next.utf8
            index += 1
        }
        return bytes + after.utf8
    }

    /// An unknown member with an array of parts. An array that must be refused has an extra comma after the last part.
    func others(_ name: String, isAccepted: Bool = true, _ part: (Int) -> String) -> HostileBody {
        let bytes = filled("{\(Self.document),\(Self.schema),\"x\":[", isAccepted ? "]}" : ",]}", part)
        return HostileBody(name: name, isAccepted: isAccepted, bytes: bytes)
    }

    /// An unknown member with one long value.
    func text(_ name: String, quoted: Bool = false, _ part: (Int) -> String) -> HostileBody {
        let mark = quoted ? "\"" : ""
        let bytes = filled("{\(Self.document),\(Self.schema),\"x\":\(mark)", "\(mark)}", separator: "", part)
        return HostileBody(name: name, isAccepted: true, bytes: bytes)
    }

    /// Unknown members.
    func members(_ name: String, isAccepted: Bool = true, _ part: (Int) -> String?) -> HostileBody {
        let bytes = filled("{\(Self.document),\(Self.schema),", "}", part)
        return HostileBody(name: name, isAccepted: isAccepted, bytes: bytes)
    }

    /// Categories.
    func schema(_ name: String, isAccepted: Bool = true, _ part: (Int) -> String) -> HostileBody {
        let bytes = filled("{\(Self.document),\"classification_schema\":[", "]}", part)
        return HostileBody(name: name, isAccepted: isAccepted, bytes: bytes)
    }

    /// One known member.
    func known(_ name: String, _ member: String, isAccepted: Bool = true) -> HostileBody {
        HostileBody(
            name: name,
            isAccepted: isAccepted,
            bytes: Array("{\(Self.document),\(Self.schema),\(member)}".utf8)
        )
    }
}
