//! helm: charts.

use crate::scene::Scene;

const CHART: &str = "apiVersion: v2\nname: greeter\nversion: 1.2.3\ndescription: greets\n";
const TEMPLATE: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: greeting\n";

#[test]
fn charts_go_in_and_come_out_unchanged() {
    let scene = Scene::new();
    let Some(helm) = scene.home.client("helm") else {
        return;
    };
    scene.home.write("greeter/Chart.yaml", CHART);
    scene
        .home
        .write("greeter/templates/greeting.yaml", TEMPLATE);
    let charts = format!("oci://{}", scene.server.name("charts"));
    let chart = format!("{charts}/greeter");

    scene.home.folder("out");
    helm.run(&["package", "greeter"]);
    helm.run(&["push", "greeter-1.2.3.tgz", &charts, "--plain-http"]);
    assert_eq!(scene.remote.tags("charts/greeter").unwrap(), ["1.2.3"]);

    let pull = ["pull", &chart, "--plain-http", "--destination", "out"];
    helm.run(&[&pull[..], &["--version", "1.2.3"]].concat());
    assert_eq!(
        scene.home.read("out/greeter-1.2.3.tgz"),
        scene.home.read("greeter-1.2.3.tgz")
    );

    // without a version helm lists the tags and takes the newest
    helm.run(&["show", "chart", &chart, "--plain-http"])
        .assert_says("description: greets");
    helm.run(&["template", &chart, "--plain-http"])
        .assert_says("kind: ConfigMap");
}

#[test]
fn versions_with_build_metadata_survive_their_spelling_as_tags() {
    let scene = Scene::new();
    let Some(helm) = scene.home.client("helm") else {
        return;
    };
    scene.home.write(
        "greeter/Chart.yaml",
        CHART.replace("1.2.3", "2.0.0+build.7"),
    );
    let charts = format!("oci://{}", scene.server.name("charts"));

    scene.home.folder("out");
    helm.run(&["package", "greeter"]);
    helm.run(&["push", "greeter-2.0.0+build.7.tgz", &charts, "--plain-http"]);
    assert_eq!(
        scene.remote.tags("charts/greeter").unwrap(),
        ["2.0.0_build.7"]
    );
    let chart = format!("{charts}/greeter");
    helm.run(&[
        "pull",
        &chart,
        "--plain-http",
        "--version",
        "2.0.0+build.7",
        "-d",
        "out",
    ]);
    let pulled = scene.home.read("out/greeter-2.0.0+build.7.tgz");
    assert_eq!(pulled, scene.home.read("greeter-2.0.0+build.7.tgz"));
}
