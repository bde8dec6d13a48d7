package import CapacityModel
import FoundationEssentials
package import Postgres

/// In this module an instant is the model's.
typealias Instant = CapacityModel.Instant

extension CapacityModel.Instant {
    /// The same instant as the database library has it.
    package var postgres: Postgres.Instant { Postgres.Instant(microsecondsSinceEpoch: microsecondsSinceEpoch) }

    package init(_ instant: Postgres.Instant) {
        self.init(microsecondsSinceEpoch: instant.microsecondsSinceEpoch)
    }
}

extension Row {
    func instant(_ column: String) throws(PostgresError) -> CapacityModel.Instant {
        CapacityModel.Instant(try decode(column, as: Postgres.Instant.self))
    }

    func instantIfAny(_ column: String) throws(PostgresError) -> CapacityModel.Instant? {
        try decode(column, as: Postgres.Instant?.self).map { CapacityModel.Instant($0) }
    }

    func int(_ column: String) throws(PostgresError) -> Int { try decode(column, as: Int.self) }

    func int64(_ column: String) throws(PostgresError) -> Int64 { try decode(column, as: Int64.self) }

    func text(_ column: String) throws(PostgresError) -> String { try decode(column, as: String.self) }

    func textIfAny(_ column: String) throws(PostgresError) -> String? { try decode(column, as: String?.self) }

    /// A text column that a CHECK keeps to the raw values of `Value`.
    func choice<Value: RawRepresentable>(
        _ column: String, as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value where Value.RawValue == String {
        let text = try text(column)
        guard let value = Value(rawValue: text) else {
            throw PostgresError(kind: .decoding, message: "column \(column): '\(text)' is no \(Value.self)")
        }
        return value
    }

    func window(_ start: String, _ end: String) throws(PostgresError) -> Window {
        Window(start: try instant(start), end: try instant(end))
    }

    /// A jsonb column written by ``JSON/init(encoding:)``.
    func json<Value: Decodable>(_ column: String, as type: Value.Type = Value.self) throws(PostgresError) -> Value {
        let text = try decode(column, as: JSON.self).text
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw PostgresError(kind: .decoding, message: "column \(column): \(error)")
        }
    }

    /// The same, or `nil` for a null.
    func jsonIfAny<Value: Decodable>(_ column: String) throws(PostgresError) -> Value? {
        guard try decode(column, as: JSON?.self) != nil else { return nil }
        return try json(column)
    }

    /// The GPUs of a row that names any, by index; none of one that does not.
    func devices() throws(PostgresError) -> [Int] {
        try decode("gpu_devices", as: [Int16]?.self)?.map { Int($0) } ?? []
    }

    /// What an instance takes, or a row of the ledger: the amounts with the share of one GPU.
    func unit() throws(PostgresError) -> Resources {
        var unit = try resources()
        unit.gpuShareMilli = try int64("gpu_share_milli")
        return unit
    }

    /// The five amounts and the GPU model.
    func resources() throws(PostgresError) -> Resources {
        Resources(
            vcpuMilli: try int64("vcpu_milli"), memoryMiB: try int64("memory_mib"), diskGiB: try int64("disk_gib"),
            bandwidthMbps: try int64("bandwidth_mbps"), gpuModel: try textIfAny("gpu_model"),
            gpuCount: try int64("gpu_count")
        )
    }
}

extension JSON {
    /// `value` with its keys in order, so that the same value is the same text.
    init(encoding value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        self.init(text: String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}

extension Sequence<Plan.Group> {
    /// Beside each group its GPUs as the text of an array of PostgreSQL, `nil` for none: a bound parameter is an array of
    /// one dimension.
    var deviceTexts: [String?] {
        map { $0.devices.isEmpty ? nil : "{" + $0.devices.map(String.init).joined(separator: ",") + "}" }
    }
}
