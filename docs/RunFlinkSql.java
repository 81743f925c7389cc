import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;

/** Runs a script of Flink SQL in this process; of a SELECT it prints the rows that are left. */
class RunFlinkSql {
  public static void main(String[] arguments) throws Exception {
    Configuration settings = new Configuration();
    settings.setString("rest.address", "127.0.0.1");
    settings.setString("rest.bind-address", "127.0.0.1");
    settings.setString("parallelism.default", "2");
    TableEnvironment flink =
        TableEnvironment.create(
            EnvironmentSettings.newInstance().withConfiguration(settings).build());
    for (String statement : Files.readString(Path.of(arguments[0])).split(";\\s*(\n|$)")) {
      String text = statement.strip();
      if (text.startsWith("SET ")) {
        String[] parts = text.substring(4).replace("'", "").split("=");
        flink.getConfig().set(parts[0].strip(), parts[1].strip());
      } else if (!text.isEmpty()) {
        System.out.println("\n" + text.lines().findFirst().get());
        show(flink.executeSql(text));
      }
    }
  }

  private static void show(TableResult result) throws Exception {
    Map<String, Integer> rows = new TreeMap<>();
    try (var changes = result.collect()) {
      while (changes.hasNext()) {
        Row row = changes.next();
        boolean added = row.getKind() == RowKind.INSERT || row.getKind() == RowKind.UPDATE_AFTER;
        row.setKind(RowKind.INSERT);
        rows.merge(row.toString(), added ? 1 : -1, Integer::sum);
      }
    }
    rows.forEach((row, count) -> System.out.print((row + "\n").repeat(Math.max(0, count))));
  }
}
