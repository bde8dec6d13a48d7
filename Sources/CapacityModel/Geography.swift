/// One of the seven areas of the mainland, or Hong Kong, Macao and Taiwan together.
package enum Area: String, CaseIterable, Sendable, Codable {
    case north, northeast, east, central, south, southwest, northwest, hmt
}

/// Whose network a site is on.
package enum Carrier: String, CaseIterable, Sendable, Codable {
    case telecom, unicom, mobile, other
}

/// A province-level division by its two-digit GB/T 2260 code.
package struct Province: Hashable, Sendable {
    package let code: String
    package let name: String
    package let area: Area

    /// The province with `code`, or `nil` where GB/T 2260 has none.
    package static func named(_ code: String) -> Province? { byCode[code] }

    /// All 34, in the order of their codes.
    package static let all: [Province] = rows.flatMap { area, provinces in
        provinces.map { Province(code: $0.0, name: $0.1, area: area) }
    }.sorted { $0.code < $1.code }

    private static let byCode = Dictionary(uniqueKeysWithValues: all.map { ($0.code, $0) })

    private static let rows: [(Area, [(String, String)])] = [
        (.north, [("11", "Beijing"), ("12", "Tianjin"), ("13", "Hebei"), ("14", "Shanxi"), ("15", "Inner Mongolia")]),
        (.northeast, [("21", "Liaoning"), ("22", "Jilin"), ("23", "Heilongjiang")]),
        (
            .east,
            [
                ("31", "Shanghai"), ("32", "Jiangsu"), ("33", "Zhejiang"), ("34", "Anhui"), ("35", "Fujian"),
                ("36", "Jiangxi"), ("37", "Shandong"),
            ]
        ),
        (.central, [("41", "Henan"), ("42", "Hubei"), ("43", "Hunan")]),
        (.south, [("44", "Guangdong"), ("45", "Guangxi"), ("46", "Hainan")]),
        (
            .southwest,
            [("50", "Chongqing"), ("51", "Sichuan"), ("52", "Guizhou"), ("53", "Yunnan"), ("54", "Tibet")]
        ),
        (
            .northwest,
            [("61", "Shaanxi"), ("62", "Gansu"), ("63", "Qinghai"), ("64", "Ningxia"), ("65", "Xinjiang")]
        ),
        (.hmt, [("71", "Taiwan"), ("81", "Hong Kong"), ("82", "Macao")]),
    ]
}
